import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  batchSettlementAbi,
  batchSettlementAddress,
  type OpenedSession,
  type SessionInfo,
  toTypedData,
} from '@agorai/core'
import { toClientEvmSigner } from '@x402/evm'
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client'
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from '@x402/fetch'
import { createWalletClient, type Hex, http, pad, toHex } from 'viem'
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openChargeLog } from '../../adapters/journal/chargeLog.js'
import { openFileJournal } from '../../adapters/journal/fileJournal.js'
import type { CallAnswer } from '../calls/cashier.js'
import { createApp } from '../http/createApp.js'
import { readBytes } from '../http/readBody.js'
import { route } from '../http/route.js'
import { type HttpServer, serveHttp } from '../http/serveHttp.js'
import { createCashier } from '../payments/createCashier.js'
import { type PaymentChain, readerOf, type Shop, startPaymentChain, startShop } from '../payments/testShop.js'
import { createSessions, type Sessions } from './createSessions.js'
import { noTelemetry, wholeOf } from './testSessions.js'

/** Sessions opened by the official x402 client over a real chain and real HTTP. */

const network = 'eip155:31337' as const
const freeAccounts = 3
const free = 3
let place: PaymentChain
let shop: Shop
let folder: string
let sessions: Sessions
let server: HttpServer
let url: string
let close: () => Promise<void>

beforeAll(async () => {
  place = await startPaymentChain()
  folder = await mkdtemp(join(tmpdir(), 'agorai-open-session-'))
  const journal = await openFileJournal(join(folder, 'journal.log'))
  shop = await startShop(place, { journal })
  const log = await openChargeLog(join(folder, 'charges'))
  const memory = shop.memory()
  const payments = shop.payments()
  const { assetRegistry } = place.deployment
  const service = { ...shop.service, serving: { ...shop.service.serving, freeCalls: free } }
  sessions = await createSessions({
    freeAccounts,
    ...{ memory, journal, log, chain: place.chain, addresses: place.deployment },
    keys: { account: shop.operator, encryption: { publicKey: '0x', privateKey: new Uint8Array(32) } },
    domain: { chainId: place.chain.id, assetRegistry },
    vouchers: payments.channels && { ...payments.channels, quotes: payments.quotes },
    findService: async () => service,
    onWarning: (message, cause) => process.stderr.write(`${message} ${cause}\n`),
  })
  const cashier = createCashier({ payments, sessions })
  const call = route({
    method: 'post',
    path: '/call',
    summary: 'A call.',
    rawResponse: 'text/plain',
    errors: [],
    async handle({ request, client }) {
      const body = await readBytes(request, 10_000)
      const most = { row: 1_000 }
      return cashier.sell({ request, body, service, usageMax: most, streams: false, client }, async () =>
        wholeOf(body, body.length),
      )
    },
  })
  const endless = route({
    ...{ method: 'post', path: '/stream', summary: 'An endless call.', rawResponse: 'text/plain', errors: [] },
    handle: ({ request, client }) =>
      cashier.sell(
        { request, body: new Uint8Array(), service, usageMax: { row: 1_000 }, streams: true, client },
        async ({ signal }) => endlessOf(signal),
      ),
  })
  const app = createApp({
    routes: [call, endless, ...sessions.routes],
    fallback: async () => undefined,
    hosts: undefined,
    connectOrigins: [],
    report: (error) => process.stderr.write(`${error}\n`),
    observer: noTelemetry,
  })
  server = await serveHttp({ host: '127.0.0.1', port: 0, ...app })
  url = `http://127.0.0.1:${server.port}`
  close = async () => {
    await server.stop(0)
    await sessions.stop()
    await log.close()
    await shop.stop()
    await journal.close()
  }
}, 120_000)
afterAll(async () => {
  await close?.()
  await place?.kill()
  await rm(folder, { recursive: true, force: true })
})

/** Goes on until it is told to end. */
function endlessOf(signal: AbortSignal): CallAnswer {
  let row = 0
  let settle: (usage: { row: number }) => void = () => {}
  const usage = new Promise<{ row: number }>((resolve) => {
    settle = resolve
  })
  async function* make() {
    try {
      while (!signal.aborted) {
        yield Buffer.from(`${row};`)
        row += 1
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    } finally {
      settle({ row })
    }
  }
  return { kind: 'stream', headers: { 'content-type': 'text/plain' }, chunks: make(), usage }
}

function payingFetch(payer: PrivateKeyAccount): typeof fetch {
  const client = new BatchSettlementEvmScheme(toClientEvmSigner(payer, readerOf(place.rpcUrl)))
  const spendControls = { allowedAssets: [{ network, asset: place.token }] }
  return wrapFetchWithPayment(fetch, x402Client.fromConfig({ schemes: [{ network, client }], spendControls }))
}

const json = { 'content-type': 'application/json' }
const post = (pay: typeof fetch, path: string, body: unknown, headers = {}) =>
  pay(`${url}${path}`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
const read = async <document>(response: Response): Promise<document> => {
  expect(response.status).toBe(200)
  return (await response.json()) as document
}
const bearerOf = ({ bearer }: OpenedSession) => ({ authorization: `Bearer ${bearer}` })
const call = (session: OpenedSession, body: string) =>
  fetch(`${url}/call`, { method: 'POST', headers: bearerOf(session), body })
const problemOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as object) })

describe('the official client', () => {
  test('opens a session, tops it up, and pays for calls by themselves again after its end', async () => {
    const pay = payingFetch(await place.createPayer())
    const response = await post(pay, '/api/v1/sessions', { budget: '5000', asset: '7' })
    const opened = await read<OpenedSession>(response)
    expect(opened).toMatchObject({ state: 'open', ceiling: '5000', paidBy: 'channel', bearerIsReplayable: true })
    const paid = decodePaymentResponseHeader(response.headers.get('PAYMENT-RESPONSE') ?? '')
    expect(paid).toMatchObject({ success: true, extra: { chargedAmount: '0' } })

    const answers = await Promise.all(['a', 'bb', 'ccc'].map((body) => call(opened, body)))
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['echo a', 'echo bb', 'echo ccc'])
    // Five calls at their most are more than the ceiling; they cost little, so one after the other they fit.
    for (const body of ['x', 'y']) expect((await call(opened, body)).status).toBe(200)

    const top = await post(pay, `/api/v1/sessions/${opened.session}/top-up`, { ceiling: '9000' })
    const raised = await read<SessionInfo>(top)
    expect(raised).toMatchObject({ ceiling: '9000', state: 'open' })
    // Whoever sees a voucher on the chain could send it again: it must not give the tokens.
    expect(raised).not.toHaveProperty('bearer')
    const closed = await fetch(`${url}/api/v1/sessions/${opened.session}/close`, {
      method: 'POST',
      headers: bearerOf(opened),
    })
    expect(await read<SessionInfo>(closed)).toMatchObject({ state: 'closed', charged: '8', outstanding: '0' })
    expect((await problemOf(await call(opened, 'x'))) as object).toMatchObject({ status: 409, code: 'session_closed' })

    const single = await pay(`${url}/call`, { method: 'POST', body: 'alone' })
    expect(await single.text()).toBe('echo alone')
    const alone = decodePaymentResponseHeader(single.headers.get('PAYMENT-RESPONSE') ?? '')
    expect(alone.extra?.channelState).toMatchObject({ chargedCumulativeAmount: '13' })
  }, 60_000)

  test('has its channel for one session alone, and only who knows the nonce gets it again', async () => {
    const payer = await place.createPayer()
    const seen: { headers: Headers; body: string }[] = []
    const spy: typeof fetch = async (input, init) => {
      const request = new Request(input, init)
      const body = await request.clone().text()
      if (request.headers.has('PAYMENT-SIGNATURE')) seen.push({ headers: request.headers, body })
      return fetch(request)
    }
    const client = new BatchSettlementEvmScheme(toClientEvmSigner(payer, readerOf(place.rpcUrl)))
    const spendControls = { allowedAssets: [{ network, asset: place.token }] }
    const pay = wrapFetchWithPayment(spy, x402Client.fromConfig({ schemes: [{ network, client }], spendControls }))
    const nonce = pad(toHex(7))
    const opened = await read<OpenedSession>(await post(pay, '/api/v1/sessions', { budget: '2000', asset: '7', nonce }))
    const again = (body: unknown) =>
      fetch(`${url}/api/v1/sessions`, { method: 'POST', headers: seen[0]?.headers ?? {}, body: JSON.stringify(body) })
    expect(await read<OpenedSession>(await again({ budget: '2000', asset: '7', nonce }))).toEqual(opened)
    for (const body of [
      { budget: '2000', asset: '7' },
      { budget: '2000', asset: '7', nonce: pad('0x08') },
    ]) {
      const refused = await again(body)
      expect(refused.status).toBe(402)
      expect(((await refused.json()) as { error: string }).error).toBe('invalid_batch_settlement_evm_channel_busy')
    }
    const alone = await fetch(`${url}/call`, { method: 'POST', headers: seen[0]?.headers ?? {}, body: 'x' })
    expect(alone.status).toBe(402)
  }, 60_000)

  test.each([
    { budget: '1e3', asset: '7' },
    { budget: '0x10', asset: '7' },
    { budget: '', asset: '7' },
    { budget: '-1', asset: '7' },
    { budget: 2 ** 53, asset: '7' },
    { budget: `1${'0'.repeat(80)}`, asset: '7' },
    { budget: '5' },
    { budget: '5', token: '0x00000000000000000000000000000000000000aa' },
    { budget: '5', asset: '7', more: 1 },
  ])('is refused %j', async (body) => {
    expect(await problemOf(await post(fetch, '/api/v1/sessions', body))).toMatchObject({
      status: 400,
      code: 'invalid_request',
    })
  })
})

describe('a stream', () => {
  test('whose reader goes away is charged for what was used until then', async () => {
    const opened = await read<OpenedSession>(
      await post(payingFetch(await place.createPayer()), '/api/v1/sessions', { budget: '3000', asset: '7' }),
    )
    const leaving = new AbortController()
    const headers = bearerOf(opened)
    const answer = await fetch(`${url}/stream`, { method: 'POST', headers, signal: leaving.signal })
    const reader = answer.body?.getReader()
    for (let index = 0; index < 3; index++) await reader?.read()
    leaving.abort()
    const state = async () => read<SessionInfo>(await fetch(`${url}/api/v1/sessions/${opened.session}`, { headers }))
    const close = () => fetch(`${url}/api/v1/sessions/${opened.session}/close`, { method: 'POST', headers })
    await close()
    await expect.poll(async () => (await state()).state, { timeout: 50_000 }).toBe('closed')
    const { charged } = await state()
    expect(Number(charged)).toBeGreaterThanOrEqual(3)
    expect(Number(charged)).toBeLessThanOrEqual(1_000)
  }, 60_000)
})

describe('a payer who withdraws', () => {
  test('ends its session', async () => {
    const payer = await place.createPayer()
    const opened = await read<OpenedSession>(
      await post(payingFetch(payer), '/api/v1/sessions', { budget: '4000', asset: '7' }),
    )
    expect((await call(opened, 'hello')).status).toBe(200)
    const config = shop.memory().channels.get(opened.channel as Hex)?.config
    if (config === undefined) throw new Error('The channel is known.')
    const wallet = createWalletClient({ account: payer, chain: foundry, transport: http(place.rpcUrl) })
    const contract = { address: batchSettlementAddress, abi: batchSettlementAbi } as const
    const hash = await wallet.writeContract({ ...contract, functionName: 'initiateWithdraw', args: [config, 1_000n] })
    await readerOf(place.rpcUrl).waitForTransactionReceipt({ hash, pollingInterval: 5 })
    await expect
      .poll(async () => (await problemOf(await call(opened, 'x')).catch(() => ({ code: 'open' }))) as object, {
        timeout: 50_000,
      })
      .toMatchObject({ code: 'session_closed' })
    await expect
      .poll(() => shop.memory().channels.get(opened.channel as Hex)?.session, { timeout: 50_000 })
      .toBeUndefined()
    expect(shop.memory().channels.get(opened.channel as Hex)?.charged).toBeGreaterThanOrEqual(5n)
  }, 110_000)
})

describe('a session without money', () => {
  const holder = privateKeyToAccount(generatePrivateKey())
  // The same until the tests end, so that what was asked once can be asked again.
  const expiry = BigInt(Math.floor(Date.now() / 1000) + 600)
  async function ask(nonce: number, offer = 0n, signer = holder, account = holder.address): Promise<Response> {
    const request = {
      ...{ asset: 7n, holder: account, offer, operator: shop.operator.address, nonce: pad(toHex(nonce)) as Hex },
      expiry,
    }
    const { assetRegistry } = place.deployment
    const domain = { chainId: place.chain.id, assetRegistry }
    const signature = await signer.signTypedData(toTypedData(domain, 'SessionRequest', request))
    const texts = { asset: '7', offer: `${offer}`, expiry: `${request.expiry}` }
    return post(fetch, '/api/v1/sessions', { request: { ...request, ...texts }, signature })
  }

  test('gives the free calls of a day, once', async () => {
    const opened = await read<OpenedSession>(await ask(1))
    expect(opened).toMatchObject({ paidBy: 'free', ceiling: `${free}`, payer: holder.address })
    const texts = Array.from({ length: free }, (_, index) => `call ${index}`)
    for (const text of texts) expect((await call(opened, text)).status).toBe(200)
    expect(await problemOf(await call(opened, 'more'))).toMatchObject({ status: 402, code: 'session_exhausted' })
    expect(await problemOf(await ask(2))).toMatchObject({ status: 403, code: 'entitlement_missing' })
  })

  test('gives an address the free calls of so many accounts, however many wallets it makes', async () => {
    const others = Array.from({ length: freeAccounts }, () => privateKeyToAccount(generatePrivateKey()))
    const answers: Response[] = []
    for (const [index, other] of others.entries()) answers.push(await ask(10 + index, 0n, other, other.address))
    // One was another test's.
    expect(answers.map(({ status }) => status)).toEqual([...others.slice(1).map(() => 200), 429])
    const [first] = others
    if (first === undefined) throw new Error('no account')
    // What was given is given again, and counts no second time.
    expect((await ask(10, 0n, first, first.address)).status).toBe(200)
    const last = answers.at(-1) as Response
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(3_600)
    expect(await problemOf(last)).toMatchObject({ code: 'rate_limited' })
  })

  test('is refused to who has no pass, and to who did not sign', async () => {
    expect((await ask(3, 5n)).status).toBeGreaterThanOrEqual(403)
    const stranger = privateKeyToAccount(generatePrivateKey())
    expect(await problemOf(await ask(4, 0n, stranger))).toMatchObject({ status: 401, code: 'signature_invalid' })
  })
})
