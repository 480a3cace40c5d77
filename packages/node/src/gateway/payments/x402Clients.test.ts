import { hash } from 'node:crypto'
import { batchSettlementAbi, batchSettlementAddress, parseReceiptHeader } from '@agorai/core'
import { wrapAxiosWithPayment, x402Client as x402AxiosClient } from '@x402/axios'
import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme, type BatchSettlementEvmSchemeOptions } from '@x402/evm/batch-settlement/client'
import { ExactEvmScheme } from '@x402/evm/exact/client'
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from '@x402/fetch'
import axios from 'axios'
import { createWalletClient, http } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requiredBy } from './testPayer.js'
import { type PaymentChain, readerOf, type Shop, startPaymentChain, startShop } from './testShop.js'

const network = 'eip155:31337' as const
const minted = 1_000_000_000n
let place: PaymentChain
let shop: Shop
beforeAll(async () => {
  place = await startPaymentChain()
  shop = await startShop(place)
}, 120_000)
afterAll(async () => {
  await shop?.stop()
  await place?.kill()
})

/** The official clients, made as their own pages say. A token without value has to be allowed by name. */
function createClient(payer: PrivateKeyAccount, options?: BatchSettlementEvmSchemeOptions) {
  const scheme = new BatchSettlementEvmScheme(toClientEvmSigner(payer, readerOf(place.rpcUrl)), options)
  return { scheme, ...fetchWith(scheme) }
}

function fetchWith(client: BatchSettlementEvmScheme | ExactEvmScheme) {
  const spendControls = { allowedAssets: [{ network, asset: place.token }] }
  const payer = x402Client.fromConfig({ schemes: [{ network, client }], spendControls })
  return { fetch: wrapFetchWithPayment(fetch, payer) }
}

const call = (pay: typeof fetch, body: string) => pay(shop.url, { method: 'POST', body })
const paidBy = (response: { headers: Headers }) =>
  decodePaymentResponseHeader(response.headers.get('PAYMENT-RESPONSE') ?? '')
const chargedBy = async (response: Promise<Response>) => paidBy(await response).extra?.channelState

describe('the official batch-settlement client', () => {
  test('deposits with its first call, then signs a voucher a call, and pays what was used', async () => {
    const payer = await place.createPayer()
    const { fetch: pay } = createClient(payer)
    const first = await call(pay, 'hello')
    expect(await first.text()).toBe('echo hello')
    const deposited = paidBy(first)
    expect(deposited).toMatchObject({ success: true, network, amount: '5000', extra: { chargedAmount: '5' } })
    expect(deposited.transaction).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await place.balanceOf(payer.address)).toBe(minted - 5_000n)
    const second = paidBy(await call(pay, 'and again'))
    expect(second).toMatchObject({ transaction: '', amount: '', extra: { chargedAmount: '9' } })
    expect(second.extra?.channelState).toMatchObject({ balance: '5000', chargedCumulativeAmount: '14' })
  }, 60_000)

  test('deposits what the operator takes at least, and as usual where that is more', async () => {
    for (const [depositMin, deposited] of [
      [20_000n, '20000'],
      [3_000n, '5000'],
      [1_000n, '5000'],
      [900n, '5000'],
    ] as const) {
      const careful = await startShop(place, { depositMin })
      try {
        const { fetch: pay } = createClient(await place.createPayer())
        expect(paidBy(await pay(careful.url, { method: 'POST', body: 'hello' })).amount).toBe(deposited)
      } finally {
        await careful.stop()
      }
    }
  }, 60_000)

  test('tops the channel up when it runs low', async () => {
    const payer = await place.createPayer()
    const { fetch: pay } = createClient(payer, { depositPolicy: { depositMultiplier: 3 } })
    const bodies = Array.from({ length: 5 }, () => 'x'.repeat(1_000))
    const transactions: string[] = []
    for (const body of bodies) transactions.push(paidBy(await call(pay, body)).transaction)
    expect(transactions.map((transaction) => transaction !== '')).toEqual([true, false, false, true, false])
    expect(await place.balanceOf(payer.address)).toBe(minted - 6_000n)
  }, 60_000)

  test('that asks for just what is left of its last voucher is told, and any other amount is taken', async () => {
    const { fetch: pay } = createClient(await place.createPayer())
    let asked = 10
    const ask = async (most: number) => {
      const response = await pay(shop.url, {
        method: 'POST',
        body: `ask${asked++}`,
        headers: { 'rows-max': `${most}` },
      })
      return response.status === 200 ? paidBy(response).extra?.chargedAmount : requiredBy(response).error
    }
    expect(await ask(1_000)).toBe('5')
    // 5 were charged of a voucher over 1,000, so this one would be over 1,000 again, which a claim shows to everybody.
    expect(await ask(995)).toBe('voucher_shown')
    expect(await ask(996)).toBe('5')
    // Calls that ask for the same each time never come to it.
    for (let n = 0; n < 3; n++) expect(await ask(996)).toBe('5')
    expect(await ask(995)).toBe('5')
  }, 60_000)

  test('that lost an answer is given it under its key by a gateway that was started anew, and pays once', async () => {
    const { fetch: pay } = createClient(await place.createPayer())
    const ask = (body: string, key: string) =>
      pay(shop.url, { method: 'POST', body, headers: { 'idempotency-key': key } })
    const first = await ask('hello', 'one')
    const ran = shop.calls.length
    await shop.restart()
    const again = await ask('hello', 'one')
    expect([again.status, await again.text()]).toEqual([200, await first.text()])
    expect(again.headers.get('agorai-receipt')).toBe(first.headers.get('agorai-receipt'))
    expect(paidBy(again).extra).toMatchObject({ chargedAmount: '0', channelState: { chargedCumulativeAmount: '5' } })
    expect(shop.calls.length).toBe(ran)
    // Another key, or another request, is another call.
    expect(paidBy(await ask('hello', 'two')).extra?.chargedAmount).toBe('5')
    expect(paidBy(await ask('other', 'one')).extra?.chargedAmount).toBe('5')
  }, 60_000)

  test('that lost its state is told what it was charged, and believes its own voucher', async () => {
    const payer = await place.createPayer()
    await call(createClient(payer).fetch, 'first')
    const answer = await call(createClient(payer).fetch, 'second')
    expect(paidBy(answer).extra?.channelState).toMatchObject({ balance: '5000', chargedCumulativeAmount: '11' })
    const receipt = parseReceiptHeader(answer.headers.get('agorai-receipt') ?? '')
    const sha256 = (text: string) => hash('sha256', text, 'base64url')
    expect(receipt).toMatchObject({ counter: 1, requestHash: sha256('second'), responseHash: sha256('echo second') })
    const { subject, amount } = receipt ?? {}
    expect(paidBy(answer).extra).toMatchObject({ chargedAmount: `${amount}`, channelState: { channelId: subject } })
  }, 60_000)

  test('goes on with a gateway that was restarted', async () => {
    const payer = await place.createPayer()
    const { fetch: pay } = createClient(payer)
    await call(pay, 'first')
    await shop.restart()
    expect(await chargedBy(call(pay, 'second'))).toMatchObject({ chargedCumulativeAmount: '11' })
  }, 60_000)

  test('begins again at what the chain knows with a gateway that lost everything', async () => {
    const payer = await place.createPayer()
    const { fetch: pay } = createClient(payer)
    await call(pay, 'first')
    await shop.restart('nothing')
    expect(await chargedBy(call(pay, 'second'))).toMatchObject({ chargedCumulativeAmount: '6', totalClaimed: '0' })
    expect(await chargedBy(call(pay, 'third'))).toMatchObject({ chargedCumulativeAmount: '11' })
  }, 60_000)

  test('takes back a part, then all, and pays again', async () => {
    const payer = await place.createPayer()
    const { scheme, fetch: pay } = createClient(payer)
    await call(pay, 'x'.repeat(200))
    const part = await scheme.refund(shop.url, { amount: '1000' })
    expect(part).toMatchObject({ success: true, amount: '1000' })
    expect(await place.balanceOf(payer.address)).toBe(minted - 4_000n)
    expect(await chargedBy(call(pay, 'x'.repeat(100)))).toMatchObject({
      balance: '4000',
      totalClaimed: '200',
      chargedCumulativeAmount: '300',
    })
    expect(await scheme.refund(shop.url)).toMatchObject({ success: true, amount: '3700' })
    expect(await place.balanceOf(payer.address)).toBe(minted - 300n)
    const again = paidBy(await call(pay, 'hello'))
    expect(again.transaction).not.toBe('')
    expect(again.extra?.channelState).toMatchObject({ totalClaimed: '300', chargedCumulativeAmount: '305' })
  }, 60_000)

  test('is not sold anything once it began to withdraw', async () => {
    const payer = await place.createPayer()
    const { scheme, fetch: pay } = createClient(payer)
    await call(pay, 'hello')
    const offered = await fetch(shop.url, { method: 'POST', body: 'x' })
    const [accepted] = JSON.parse(atob(offered.headers.get('PAYMENT-REQUIRED') ?? '')).accepts
    const wallet = createWalletClient({ account: payer, chain: foundry, transport: http(place.rpcUrl) })
    const config = scheme.buildChannelConfig(accepted)
    const contract = { address: batchSettlementAddress, abi: batchSettlementAbi } as const
    const hash = await wallet.writeContract({ ...contract, functionName: 'initiateWithdraw', args: [config, 1_000n] })
    await place.mined(hash)
    // Seen by the block's log, which comes a moment later.
    const ran = shop.calls.length
    await expect.poll(async () => (await call(pay, 'late')).status, { timeout: 20_000 }).toBe(402)
    const late = shop.calls.length
    expect((await call(pay, 'later')).status).toBe(402)
    expect(shop.calls.length).toBe(late)
    expect(late - ran).toBeLessThan(100)
  }, 60_000)
})

describe('the official exact client', () => {
  test('pays straight into the till', async () => {
    const payer = await place.createPayer()
    const before = await place.balanceOf(shop.service.till)
    const { fetch: pay } = fetchWith(new ExactEvmScheme(toClientEvmSigner(payer, readerOf(place.rpcUrl))))
    const response = await call(pay, 'hello')
    expect(await response.text()).toBe('echo hello')
    expect(paidBy(response)).toMatchObject({ success: true, network, payer: payer.address })
    expect(await place.balanceOf(shop.service.till)).toBe(before + 1_000n)
  }, 60_000)

  test('does so by axios, too', async () => {
    const payer = await place.createPayer()
    const before = await place.balanceOf(shop.service.till)
    const signer = toClientEvmSigner(payer, readerOf(place.rpcUrl))
    const client = new x402AxiosClient().register(network, new ExactEvmScheme(signer) as never)
    const response = await wrapAxiosWithPayment(axios.create(), client).post(shop.url, 'hello')
    expect(response.data).toBe('echo hello')
    expect(await place.balanceOf(shop.service.till)).toBe(before + 1_000n)
    const channels = new x402AxiosClient().register(network, new BatchSettlementEvmScheme(signer) as never)
    expect((await wrapAxiosWithPayment(axios.create(), channels).post(shop.url, 'again')).data).toBe('echo again')
  }, 60_000)
})
