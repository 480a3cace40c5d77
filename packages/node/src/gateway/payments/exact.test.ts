import { isLocalChain, testUsdAbi } from '@agorai/core'
import { createWalletClient, http, parseSignature } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOperatorSender } from '../../adapters/chain/operatorSender.js'
import { createBuiltInFacilitator } from './builtInFacilitator.js'
import { createTestPayer, requiredBy, settledBy } from './testPayer.js'
import { type PaymentChain, type Shop, startPaymentChain, startShop } from './testShop.js'

let place: PaymentChain
let shop: Shop
let sponsor: PrivateKeyAccount
beforeAll(async () => {
  place = await startPaymentChain()
  sponsor = await place.createPayer()
  const { publicClient, id } = place.chain
  const sender = createOperatorSender({ publicClient, account: sponsor, chainId: id, local: isLocalChain(id) })
  shop = await startShop(place, { facilitator: createBuiltInFacilitator({ sender, settleTimeoutMs: 300 }) })
}, 120_000)
afterAll(async () => {
  await shop?.stop()
  await place?.kill()
})

const createPayer = async () => createTestPayer(shop.url, await place.createPayer())
const setAutomine = (automine: boolean) =>
  place.chain.publicClient.request({ method: 'evm_setAutomine', params: [automine] } as never)
/** Transactions, those that wait to be mined among them. */
const sentBySponsor = () =>
  place.chain.publicClient.getTransactionCount({ address: sponsor.address, blockTag: 'pending' })

describe('an exact payment', () => {
  test('is answered once, and again as often as it is sent, over a restart too', async () => {
    const payer = await createPayer()
    const payload = await payer.transfer()
    const before = await place.balanceOf(shop.service.till)
    const first = await payer.payExact(payload, 'hello')
    expect([first.status, await first.text()]).toEqual([200, 'echo hello'])
    const ran = shop.calls.length
    const again = await payer.payExact(payload, 'hello')
    expect([again.status, await again.text()]).toEqual([200, 'echo hello'])
    await shop.restart()
    const later = await payer.payExact(payload, 'hello')
    expect([later.status, await later.text(), settledBy(later).transaction]).toEqual([
      200,
      'echo hello',
      settledBy(first).transaction,
    ])
    expect(shop.calls.length).toBe(ran)
    expect(await place.balanceOf(shop.service.till)).toBe(before + 1_000n)
  })

  test('pays for one request alone', async () => {
    const payer = await createPayer()
    const payload = await payer.transfer()
    await payer.payExact(payload, 'hello')
    const other = await payer.payExact(payload, 'something else')
    expect([other.status, (await other.json()).code]).toEqual([409, 'payment_reused'])
  })

  test('for another payee, of another amount, too late, or by somebody else is refused', async () => {
    const payer = await createPayer()
    const stranger = await createPayer()
    const ran = shop.calls.length
    const forged = { ...(await payer.transfer()), signature: (await stranger.transfer()).signature }
    const soon = BigInt(Math.floor(Date.now() / 1_000) + 2)
    for (const payload of [
      await payer.transfer({ to: payer.account.address }),
      await payer.transfer({ value: 999n }),
      await payer.transfer({ value: 1_001n }),
      await payer.transfer({ validBefore: soon }),
      forged,
    ]) {
      const response = await payer.payExact(payload)
      expect([response.status, requiredBy(response).error]).toEqual([402, expect.stringMatching(/^invalid_exact_evm_/)])
    }
    expect(shop.calls.length).toBe(ran)
  })

  test('in a form that cannot be brought to the chain is refused as what it is', async () => {
    const payer = await createPayer()
    const right = await payer.transfer()
    const beyond = '9'.repeat(78)
    const { signature, authorization } = right
    for (const payload of [
      { ...right, signature: `${signature.slice(0, 130)}05` },
      { ...right, signature: `0x${'00'.repeat(64)}1b` },
      { ...right, signature: `0x${'ff'.repeat(64)}1b` },
      { ...right, signature: '0x12' },
      { ...right, authorization: { ...authorization, validBefore: beyond } },
      { ...right, authorization: { ...authorization, validAfter: beyond } },
    ])
      expect((await payer.payExact(payload)).status).toBe(402)
    const deposit = await payer.deposit(1_000n, 5_000n)
    const { erc3009Authorization: given } = deposit.deposit.authorization
    const late = { erc3009Authorization: { ...given, validBefore: beyond } }
    const response = await payer.pay({ ...deposit, deposit: { ...deposit.deposit, authorization: late } })
    expect(response.status).toBe(402)
  })

  test('that is not mined in time is pending, and its answer is there once it is', async () => {
    const payer = await createPayer()
    const payload = await payer.transfer()
    const before = await place.balanceOf(shop.service.till)
    const ran = shop.calls.length
    await setAutomine(false)
    try {
      const pending = await payer.payExact(payload, 'slow')
      expect([pending.status, (await pending.json()).code]).toEqual([202, 'settlement_pending'])
      expect(pending.headers.get('retry-after')).not.toBeNull()
    } finally {
      await setAutomine(true)
      await place.chain.publicClient.request({ method: 'evm_mine' } as never)
    }
    const answered = await payer.payExact(payload, 'slow')
    expect([answered.status, await answered.text()]).toEqual([200, 'echo slow'])
    expect(settledBy(answered).transaction).toMatch(/^0x[0-9a-f]{64}$/)
    expect(shop.calls.length).toBe(ran + 1)
    expect(await place.balanceOf(shop.service.till)).toBe(before + 1_000n)
  })

  test('whose nonce the payer used for something else gives no answer', async () => {
    const payer = await createPayer()
    const payload = await payer.transfer()
    await setAutomine(false)
    try {
      const pending = await payer.payExact(payload, 'trick')
      expect(pending.status).toBe(202)
      // Better paid, the payer's own transfer to itself comes first.
      const { nonce } = payload.authorization
      const own = await payer.transfer({ to: payer.account.address, nonce })
      const { from, to, value, validAfter, validBefore } = own.authorization
      const { r, s, yParity } = parseSignature(own.signature)
      const wallet = createWalletClient({ account: payer.account, chain: foundry, transport: http(place.rpcUrl) })
      await wallet.writeContract({
        address: place.token,
        abi: testUsdAbi,
        functionName: 'transferWithAuthorization',
        args: [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce, 27 + yParity, r, s],
        gas: 200_000n,
        maxFeePerGas: 100_000_000_000n,
        maxPriorityFeePerGas: 90_000_000_000n,
      })
    } finally {
      await place.chain.publicClient.request({ method: 'evm_mine' } as never)
      await setAutomine(true)
    }
    const response = await payer.payExact(payload, 'trick')
    expect(response.status).toBe(402)
    expect(await response.text()).not.toContain('echo')
  })

  test('of a payer who has too little is refused before the work', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer(10n))
    const ran = shop.calls.length
    expect((await payer.payExact(await payer.transfer())).status).toBe(402)
    expect(shop.calls.length).toBe(ran)
  })

  test('of a payer who signs the same money away many times at once is worked for once', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer(1_999n))
    const ran = shop.calls.length
    const transfers = await Promise.all([1, 2, 3, 4].map(() => payer.transfer()))
    const answers = await Promise.all(transfers.map((transfer) => payer.payExact(transfer, 'once')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 402, 402, 402])
    expect(shop.calls.length).toBe(ran + 1)
  })

  test('at an operator without ether is refused as what it is, and nothing moves', async () => {
    const { publicClient, id } = place.chain
    const account = privateKeyToAccount(generatePrivateKey())
    const sender = createOperatorSender({ publicClient, account, chainId: id, local: true })
    const poor = await startShop(place, { facilitator: createBuiltInFacilitator({ sender, settleTimeoutMs: 300 }) })
    try {
      const payer = await createTestPayer(poor.url, await place.createPayer())
      const response = await payer.payExact(await payer.transfer())
      expect([response.status, (await response.json()).code]).toEqual([503, 'node_unavailable'])
      expect(await place.balanceOf(payer.account.address)).toBe(1_000_000_000n)
    } finally {
      await poor.stop()
    }
  })

  test('by a facilitator that says so and sends nothing pays for nothing, neither does a deposit', async () => {
    const success = { success: true, transaction: `0x${'77'.repeat(32)}`, network: 'eip155:31337' } as const
    const facilitator = { isOwn: false, verify: async () => undefined, settle: async () => success }
    const lied = await startShop(place, { facilitator })
    try {
      const payer = await createTestPayer(lied.url, await place.createPayer())
      for (const response of [
        await payer.payExact(await payer.transfer(), 'a secret'),
        await payer.pay(await payer.deposit(1_000n, 5_000n), 'a secret'),
      ]) {
        expect([response.status, (await response.json()).code]).toEqual([202, 'settlement_pending'])
        expect(response.headers.get('PAYMENT-RESPONSE')).toBeNull()
      }
      expect([...lied.memory().channels.channels()]).toEqual([])
    } finally {
      await lied.stop()
    }
  })
})

describe('a deposit', () => {
  test('that is not mined in time is pending and sent once, and its call is paid from it when it is', async () => {
    const payer = await createPayer()
    const payload = await payer.deposit(1_000n, 5_000n)
    const sentBefore = await sentBySponsor()
    await setAutomine(false)
    try {
      for (const _ of [1, 2, 3]) {
        const pending = await payer.pay(payload, 'slow deposit')
        expect([pending.status, (await pending.json()).code]).toEqual([202, 'settlement_pending'])
        expect(pending.headers.get('retry-after')).not.toBeNull()
        expect(pending.headers.get('PAYMENT-RESPONSE')).toBeNull()
      }
      expect(shop.memory().channels.get(payer.channelOf())).toBeUndefined()
    } finally {
      await setAutomine(true)
      await place.chain.publicClient.request({ method: 'evm_mine' } as never)
    }
    const answered = await payer.pay(payload, 'slow deposit')
    expect([answered.status, await answered.text()]).toEqual([200, 'echo slow deposit'])
    expect(settledBy(answered).extra).toMatchObject({ chargedAmount: '12', channelState: { balance: '5000' } })
    expect(shop.memory().channels.get(payer.channelOf())?.charged).toBe(12n)
    expect(await place.balanceOf(payer.account.address)).toBe(1_000_000_000n - 5_000n)
    expect(await sentBySponsor()).toBe(sentBefore + 1)
    expect(shop.calls.filter((body) => body === 'slow deposit')).toHaveLength(2)
  })
})
