import { devMnemonic, isAgoraiError } from '@agorai/core'
import type { Hex, LocalAccount } from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Chain } from '../../ports/chain.js'
import { type AnvilProcess, startAnvil } from './anvilProcess.js'
import { createOperatorSender } from './operatorSender.js'
import { openRpcChain } from './rpcChain.js'

const account = mnemonicToAccount(devMnemonic)
/** Writes its input into slot 0, or refuses when there is none. */
const code: Hex = '0x60003580600a575f5ffd5b5f5500'
const to = '0x00000000000000000000000000000000000000aa'
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`

let anvil: AnvilProcess
let chain: Chain
beforeAll(async () => {
  anvil = await startAnvil({ chainId: 31_337, mnemonic: devMnemonic })
  chain = await openRpcChain({ rpcUrl: anvil.rpcUrl, confirmations: 0 })
  await chain.publicClient.request({ method: 'anvil_setCode', params: [to, code] } as never)
}, 60_000)
afterAll(() => anvil?.kill())

const open = (own: LocalAccount = account) =>
  createOperatorSender({ publicClient: chain.publicClient, account: own, chainId: chain.id, local: true })

describe('createOperatorSender', () => {
  test('sends many at once, beside another process of the same account', async () => {
    const before = await chain.publicClient.getTransactionCount({ address: account.address })
    const senders = [open(), open()]
    const calls = Array.from({ length: 24 }, (_, index) => senders[index % 2]?.send({ to, data: word(index + 1) }))
    const receipts = await Promise.all(calls)
    expect(new Set(receipts.map((receipt) => receipt?.transactionHash)).size).toBe(24)
    const after = await chain.publicClient.getTransactionCount({ address: account.address })
    expect(after - before).toBe(24)
  }, 60_000)

  test('says what the contract refuses before it costs anything', async () => {
    const before = await chain.publicClient.getTransactionCount({ address: account.address })
    await expect(open().send({ to, data: '0x' })).rejects.toMatchObject({ code: 'transaction_reverted' })
    await expect(open().estimate({ to, data: '0x' })).rejects.toMatchObject({ code: 'transaction_reverted' })
    // With the gas that was found earlier it is known when it was mined.
    const late = open().send({ to, data: '0x', gas: 100_000n })
    await expect(late).rejects.toMatchObject({ code: 'transaction_reverted' })
    expect(await chain.publicClient.getTransactionCount({ address: account.address })).toBe(before + 1)
  })

  test('names the transaction that was not mined in time', async () => {
    await chain.publicClient.request({ method: 'evm_setAutomine', params: [false] } as never)
    try {
      const error = await open()
        .send({ to, data: word(9) }, 100)
        .catch((cause: unknown) => cause)
      expect(isAgoraiError(error, 'chain_unavailable') && error.details?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
    } finally {
      await chain.publicClient.request({ method: 'evm_setAutomine', params: [true] } as never)
      await chain.publicClient.request({ method: 'evm_mine' } as never)
    }
  })

  test('says when there is no ether, and when there is no chain', async () => {
    const poor = open(privateKeyToAccount(generatePrivateKey()))
    await expect(poor.send({ to, data: word(1), gas: 100_000n })).rejects.toMatchObject({ code: 'funds_missing' })
    await anvil.kill()
    await expect(open().send({ to, data: word(1) })).rejects.toMatchObject({ code: 'chain_unavailable' })
  }, 60_000)
})
