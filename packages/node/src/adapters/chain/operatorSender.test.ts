import { setTimeout as pause } from 'node:timers/promises'
import { batchSettlementAbi, devMnemonic, isAgoraiError, operatorReceiverAbi, revenueLedgerAbi } from '@agorai/core'
import {
  type Address,
  createPublicClient,
  custom,
  encodeErrorResult,
  type Hex,
  type LocalAccount,
  TimeoutError,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Chain } from '../../ports/chain.js'
import { type AnvilProcess, startAnvil } from './anvilProcess.js'
import { createOperatorSender } from './operatorSender.js'
import { openRpcChain } from './rpcChain.js'

const account = mnemonicToAccount(devMnemonic)
/** Writes its input into slot 0, or refuses when there is none. */
const code: Hex = '0x60003580600a575f5ffd5b5f5500'
const to = '0x00000000000000000000000000000000000000aa'
/** Reverts with its input. */
const parrotCode: Hex = '0x365f5f37365ffd'
const parrot = '0x00000000000000000000000000000000000000bb'
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`

let anvil: AnvilProcess
let chain: Chain
beforeAll(async () => {
  anvil = await startAnvil({ chainId: 31_337, mnemonic: devMnemonic })
  chain = await openRpcChain({ rpcUrl: anvil.rpcUrl, confirmations: 0 })
  await ask('anvil_setCode', to, code)
  await ask('anvil_setCode', parrot, parrotCode)
}, 60_000)
afterAll(() => anvil?.kill())

const ask = <answer>(method: string, ...params: unknown[]): Promise<answer> =>
  chain.publicClient.request({ method, params } as never)

const open = (own: LocalAccount = account, patienceMs = 10_000) =>
  createOperatorSender({ publicClient: chain.publicClient, account: own, chainId: chain.id, local: true, patienceMs })

type Waiting = { hash: Hex; maxFeePerGas: Hex; maxPriorityFeePerGas: Hex }
/** What waits to be mined of an account, by nonce. */
async function waitingOf(address: Address): Promise<[nonce: number, Waiting][]> {
  const { pending } = await ask<{ pending: Record<Address, Record<string, Waiting>> }>('txpool_content')
  const own = Object.entries(pending).find(([each]) => each.toLowerCase() === address.toLowerCase())?.[1] ?? {}
  return Object.entries(own).map(([nonce, waiting]) => [Number(nonce), waiting])
}
const raised = (fee: Hex): bigint => (BigInt(fee) * 5n) / 4n + 1n

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

  test.each(['what it did', 'what it lost'])('does once what the chain gave no answer to: %s', async (which) => {
    const before = await chain.publicClient.getTransactionCount({ address: account.address })
    let silent = 0
    const request = async ({ method, params }: { method: string; params?: unknown }) => {
      const isSending = method === 'eth_sendRawTransaction' && silent++ === 0
      if (isSending && which === 'what it lost') throw new TimeoutError({ body: {}, url: 'http://chain' })
      const answer = await chain.publicClient.request({ method, params } as never)
      if (isSending) throw new TimeoutError({ body: {}, url: 'http://chain' })
      return answer
    }
    const publicClient = createPublicClient({ chain: chain.publicClient.chain, transport: custom({ request }) })
    const sender = createOperatorSender({ publicClient, account, chainId: chain.id, local: true, patienceMs: 50 })
    expect((await sender.send({ to, data: word(7) })).status).toBe('success')
    expect(await chain.publicClient.getTransactionCount({ address: account.address })).toBe(before + 1)
    expect(silent).toBe(which === 'what it lost' ? 2 : 1)
  })

  test('names the error of the contract and what to do about it', async () => {
    const cases: [Hex, string, Record<string, unknown>][] = [
      [
        encodeErrorResult({ abi: operatorReceiverAbi, errorName: 'OperatorReceiver_NotStater', args: [to] }),
        'Send it from the account that the receiver belongs to',
        { revert: 'OperatorReceiver_NotStater', caller: expect.stringMatching(/^0x0+aa$/i) },
      ],
      [
        encodeErrorResult({ abi: batchSettlementAbi, errorName: 'ClaimExceedsBalance' }),
        'ClaimExceedsBalance. Claim what the channel still holds',
        { revert: 'ClaimExceedsBalance' },
      ],
      [
        encodeErrorResult({ abi: revenueLedgerAbi, errorName: 'RevenueLedger_TokenNotAllowed', args: [to] }),
        'Use a token that the ledger allows.',
        { revert: 'RevenueLedger_TokenNotAllowed' },
      ],
      ['0x12345678', 'gave no reason', {}],
    ]
    for (const [data, message, details] of cases) {
      const early = { code: 'transaction_reverted', message: expect.stringContaining(message), details }
      await expect(open().send({ to: parrot, data })).rejects.toMatchObject(early)
      const transaction = expect.stringMatching(/^0x[0-9a-f]{64}$/)
      const late = { ...early, details: { ...details, transaction } }
      await expect(open().send({ to: parrot, data, gas: 100_000n })).rejects.toMatchObject(late)
    }
  })

  describe('while nothing is mined', () => {
    beforeEach(() => ask('evm_setAutomine', false))
    afterEach(async () => {
      await ask('evm_setAutomine', true)
      await ask('evm_mine')
    })

    test('names the transaction that was not mined in time', async () => {
      const error = await open()
        .send({ to, data: word(9) }, 100)
        .catch((cause: unknown) => cause)
      expect(isAgoraiError(error, 'chain_unavailable') && error.details?.transaction).toMatch(/^0x[0-9a-f]{64}$/)
    })

    test('pays a quarter more for the first that waits, under its nonce, also when nobody waits any longer', async () => {
      const before = await chain.publicClient.getTransactionCount({ address: account.address })
      const sender = open(account, 40)
      const gas = 100_000n
      const first = sender.send({ to, data: word(1), gas }, 60).catch((cause: unknown) => cause)
      const second = sender.send({ to, data: word(2), gas })
      const seen = new Map<Hex, Waiting>()
      await vi.waitFor(
        async () => {
          const waiting = await waitingOf(account.address)
          expect(waiting.map(([nonce]) => nonce)).toEqual([before, before + 1])
          for (const [nonce, one] of waiting) if (nonce === before) seen.set(one.hash, one)
          expect(seen.size).toBeGreaterThanOrEqual(3)
        },
        { timeout: 20_000, interval: 5 },
      )
      expect(isAgoraiError(await first, 'chain_unavailable')).toBe(true)
      const fees = [...seen.values()]
      for (const [place, { maxFeePerGas, maxPriorityFeePerGas }] of fees.slice(1).entries()) {
        expect(BigInt(maxFeePerGas)).toBe(raised(fees[place]?.maxFeePerGas as Hex))
        expect(BigInt(maxPriorityFeePerGas)).toBe(raised(fees[place]?.maxPriorityFeePerGas as Hex))
      }
      // More for a later one would not bring it forward.
      const [, later] = await waitingOf(account.address)
      expect(later?.[1].maxFeePerGas).toBe(fees[0]?.maxFeePerGas)
      await ask('evm_mine')
      expect((await second).status).toBe('success')
      expect(await chain.publicClient.getTransactionCount({ address: account.address })).toBe(before + 2)
    }, 60_000)

    test('follows as many as there are, and none listens to what becomes of another', async () => {
      const warned: Error[] = []
      const onWarning = (warning: Error) => warned.push(warning)
      process.on('warning', onWarning)
      const sender = open()
      const calls = Array.from({ length: 12 }, (_, index) => sender.send({ to, data: word(index + 1), gas: 100_000n }))
      await vi.waitFor(async () => expect(await waitingOf(account.address)).toHaveLength(12), { timeout: 20_000 })
      // Long enough that all of them pause between two looks at once.
      await pause(1_000)
      await ask('evm_mine')
      await Promise.all(calls)
      process.off('warning', onWarning)
      expect(warned).toEqual([])
    }, 60_000)

    test('gives up after four times a quarter more, and at once when it is stopped', async () => {
      const impatient = open(account, 5)
      const data = word(3)
      await expect(impatient.send({ to, data, gas: 100_000n })).rejects.toMatchObject({ code: 'chain_unavailable' })
      const patient = open()
      const waiting = patient.send({ to, data, gas: 100_000n })
      const outcome = expect(waiting).rejects.toMatchObject({ code: 'chain_unavailable' })
      await vi.waitFor(async () => expect(await waitingOf(account.address)).toHaveLength(2))
      await patient.stop()
      await outcome
      await expect(patient.send({ to, data, gas: 100_000n })).rejects.toMatchObject({ code: 'chain_unavailable' })
    }, 60_000)

    test('sends again what another process took the nonce of', async () => {
      const before = await chain.publicClient.getTransactionCount({ address: account.address })
      const sending = open(account).send({ to, data: word(4), gas: 100_000n })
      await vi.waitFor(async () => expect(await waitingOf(account.address)).toHaveLength(1))
      const other = { chainId: chain.id, type: 'eip1559', to, data: word(5), gas: 100_000n, nonce: before } as const
      const serialized = await account.signTransaction({
        ...other,
        maxFeePerGas: 10n ** 12n,
        maxPriorityFeePerGas: 10n ** 11n,
      })
      await chain.publicClient.sendRawTransaction({ serializedTransaction: serialized })
      await ask('evm_mine')
      await ask('evm_setAutomine', true)
      expect((await sending).status).toBe('success')
      expect(await chain.publicClient.getTransactionCount({ address: account.address })).toBe(before + 2)
    }, 60_000)
  })

  test('says when there is no ether, and when there is no chain', async () => {
    const poor = open(privateKeyToAccount(generatePrivateKey()))
    await expect(poor.send({ to, data: word(1), gas: 100_000n })).rejects.toMatchObject({ code: 'funds_missing' })
    await anvil.kill()
    await expect(open().send({ to, data: word(1) })).rejects.toMatchObject({ code: 'chain_unavailable' })
  }, 60_000)
})
