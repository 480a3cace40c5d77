import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpFacilitator } from '../../packages/node/src/adapters/facilitator/httpFacilitator.js'
import { createTestPayer, requiredBy, settledBy } from '../../packages/node/src/gateway/payments/testPayer.js'
import {
  type PaymentChain,
  type Shop,
  startPaymentChain,
  startShop,
} from '../../packages/node/src/gateway/payments/testShop.js'

let place: PaymentChain
let shop: Shop
let other: ChildProcess
beforeAll(async () => {
  place = await startPaymentChain()
  const key = generatePrivateKey()
  await place.setBalance(privateKeyToAccount(key).address)
  const path = fileURLToPath(new URL('facilitator.mjs', import.meta.url))
  other = spawn(process.execPath, [path, place.rpcUrl, key], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [port] = await once(other.stdout as NodeJS.ReadableStream, 'data')
  const url = `http://127.0.0.1:${String(port).trim()}/`
  shop = await startShop(place, { facilitator: createHttpFacilitator({ url, settleTimeoutMs: 30_000 }) })
}, 120_000)
afterAll(async () => {
  await shop?.stop()
  other?.kill()
  await place?.kill()
})

describe("somebody else's facilitator, x402's own", () => {
  test('brings deposits and refunds to the chain', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    const first = await payer.pay(await payer.deposit(1_000n, 5_000n), 'abc')
    expect([first.status, settledBy(first).amount]).toEqual([200, '5000'])
    expect((await payer.pay(await payer.voucher(1_003n), 'abc')).status).toBe(200)
    const refund = { ...(await payer.voucher(6n)), type: 'refund' }
    const given = await payer.send(payer.batch, refund, '', 'GET')
    expect([given.status, settledBy(given).amount]).toEqual([200, '4994'])
    expect(await place.balanceOf(payer.account.address)).toBe(1_000_000_000n - 6n)
  }, 60_000)

  test('brings transfers to the chain, and says what it would refuse', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer(1_500n))
    const before = await place.balanceOf(shop.service.till)
    expect((await payer.payExact(await payer.transfer(), 'abc')).status).toBe(200)
    expect(await place.balanceOf(shop.service.till)).toBe(before + 1_000n)
    const ran = shop.calls.length
    const poor = await payer.payExact(await payer.transfer(), 'abc')
    expect([poor.status, requiredBy(poor).error]).toEqual([402, expect.stringContaining('invalid_exact_evm')])
    expect(shop.calls.length).toBe(ran)
  }, 60_000)

  test('that has gone leaves the payment pending or refuses it before the work', async () => {
    const payer = await createTestPayer(shop.url, await place.createPayer())
    other.kill()
    await once(other, 'exit')
    const ran = shop.calls.length
    expect((await payer.payExact(await payer.transfer(), 'abc')).status).toBe(503)
    expect((await payer.pay(await payer.deposit(1_000n, 5_000n), 'abc')).status).toBe(503)
    expect(shop.calls.length).toBe(ran)
  }, 60_000)
})
