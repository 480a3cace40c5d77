import { hashMessageOf, isAgoraiError, type SessionInfo, sessionBytes32 } from '@agorai/core'
import {
  type AgoraiClient,
  buyOffer,
  callModel,
  closeSession,
  createPayer,
  findCallPass,
  fundMandate,
  getChannel,
  getQuote,
  getReceipt,
  getSession,
  listOffer,
  openSession,
  type Payer,
  refundChannel,
  serveAsset,
  signMandate,
  stopServing,
  streamModel,
  topUpSession,
  verifyReceipt,
} from '@agorai/sdk'
import OpenAI from 'openai'
import { type Hex, recoverAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publishTextModel, publishTextService } from '../examples/language/publish.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** A service is served, called and paid for on every wire by the SDK, against a real node. */

let market: Marketplace
let service: bigint
const usd = 1_000_000n

beforeAll(async () => {
  market = await startMarketplace()
  const { boole, token, byron, ada } = market
  const model = await publishTextModel(boole, { token })
  const published = await publishTextService(boole, { token, model: model.version })
  service = published.asset
  await serveAsset(boole, { asset: service })
  await market.mint(byron, 100n * usd)
  await market.mint(ada, 100n * usd)
}, 300_000)
afterAll(() => market?.stop())

const prompt = { prompt: 'The sea was', max_tokens: 8 }
const call = () => ({ service, api: 'completions', body: prompt }) as const
type Completion = { choices: { text: string }[] }

describe('a call that is paid by itself', () => {
  test('by vouchers, in a row and at the same time, is charged what it used', async () => {
    const { byron } = market
    const payer = createPayer(byron)
    const quote = await getQuote(byron, call())
    const first = await callModel<Completion>(byron, { ...call(), payer })
    expect(first.paidBy).toBe('voucher')
    expect(first.result.choices[0]?.text).not.toBe('')
    expect(first.amount).toBeGreaterThan(0n)
    expect(first.amount <= BigInt(quote.amountMax)).toBe(true)
    const more = await Promise.all([1, 2, 3].map(() => callModel(byron, { ...call(), payer })))
    const sum = more.reduce((total, { amount }) => total + amount, first.amount)
    expect(await getChannel(byron, { asset: service, payer })).toMatchObject({ charged: sum })
  }, 300_000)

  test('goes on after everything was forgotten, and gives back what is left', async () => {
    const { byron } = market
    const forgetful = createPayer(byron)
    const { amount } = await callModel(byron, { ...call(), payer: forgetful })
    expect(amount).toBeGreaterThan(0n)
    const before = await market.balanceOf(byron)
    const refunded = await refundChannel(byron, { asset: service, payer: forgetful })
    expect(refunded.amount).toBeGreaterThan(0n)
    expect(await market.balanceOf(byron)).toBe(before + refunded.amount)
  }, 300_000)

  test('by a transfer goes into the till of the service', async () => {
    const { byron } = market
    const before = await market.balanceOf(byron)
    const { amount, paidBy, transaction } = await callModel(byron, { ...call(), wire: 'exact' })
    expect(paidBy).toBe('exact')
    expect(transaction).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await market.balanceOf(byron)).toBe(before - amount)
  }, 300_000)

  test('is not made above the price that was allowed', async () => {
    const { byron } = market
    await expect(callModel(byron, { ...call(), amountMax: 1n })).rejects.toMatchObject({ code: 'price_above_max' })
  })
})

describe('an answer that was lost on its way', () => {
  /** Each paid answer is lost once, after the node has given it. */
  function losing(): typeof fetch {
    const lost = new Set<string>()
    return async (input, init) => {
      const headers = new Headers(init?.headers)
      const payment = headers.get('payment-signature') ?? headers.get('agorai-session')
      const response = await fetch(input, init)
      if (payment === null || lost.has(payment)) return response
      lost.add(payment)
      await response.arrayBuffer()
      throw new TypeError('the connection was reset')
    }
  }

  test.each(['voucher', 'exact'] as const)(
    'is given again and not paid twice: %s',
    async (wire) => {
      const client = await market.connectWith(market.byron, losing())
      const payer = createPayer(client)
      await refundChannel(market.byron, { asset: service }).catch(() => undefined)
      const before = await market.balanceOf(market.byron)
      const first = await callModel(client, { ...call(), payer, wire })
      const second = await callModel(client, { ...call(), payer, wire })
      if (wire === 'voucher') await refundChannel(market.byron, { asset: service, payer })
      expect(await market.balanceOf(market.byron)).toBe(before - first.amount - second.amount)
    },
    300_000,
  )

  test('is given again by its session, whose sum counts it once', async () => {
    const client = await market.connectWith(market.byron, losing())
    const session = await openSession(client, { asset: service })
    const calls = [await callModel(client, { ...call(), session }), await callModel(client, { ...call(), session })]
    const { charged } = await closeSession(client, { session })
    expect(BigInt(charged)).toBe(calls.reduce((sum, { amount }) => sum + amount, 0n))
  }, 300_000)
})

describe('a session', () => {
  let payer: Payer
  beforeAll(() => {
    payer = createPayer(market.byron)
  })

  test('answers many calls at the same time, raises its ceiling and is charged their sum', async () => {
    const { byron } = market
    const quote = BigInt((await getQuote(byron, call())).amountMax)
    const session = await openSession(byron, { asset: service, payer, ceiling: 2n * quote })
    const calls = await Promise.all(Array.from({ length: 12 }, () => callModel(byron, { ...call(), session })))
    const sum = calls.reduce((total, { amount }) => total + amount, 0n)
    expect(session.kept().charged).toBe(sum)
    expect(session.kept().ceiling).toBeGreaterThan(2n * quote)
    const [first] = calls
    const receipt = await getReceipt(byron, { session: session.kept(), counter: first?.receipt?.counter ?? 0 })
    await verifyReceipt(byron, { receipt })
    expect(BigInt(receipt.receipt.amount)).toBe(first?.amount)
    const forged = { ...receipt, receipt: { ...receipt.receipt, amount: '0' } }
    await expect(verifyReceipt(byron, { receipt: forged })).rejects.toMatchObject({ code: 'signature_invalid' })
    await topUpSession(byron, { session, ceiling: session.kept().ceiling + 1n })
    const closed = await closeSession(byron, { session })
    expect(closed).toMatchObject({ state: 'closed', charged: String(sum), acknowledged: String(sum) })
    expect(await signerOfTotal(byron, closed)).toBe(market.addressOf(byron))
    expect(await getChannel(byron, { asset: service, index: 1, payer })).toMatchObject({
      charged: session.kept().from + sum,
    })
  }, 300_000)

  test.each([
    ['raised', /\/top-up$/],
    ['closed', /\/close$/],
  ])(
    'stops when it is %s, where the operator charges beyond what was counted',
    async (by, path) => {
      const { ada } = market
      const quote = BigInt((await getQuote(ada, call())).amountMax)
      const counted = { sum: 0n }
      const client = await market.connectWith(ada, overcharging(path, counted))
      const session = await openSession(client, { asset: service, ceiling: 16n * quote })
      counted.sum = (await callModel(client, { ...call(), session })).amount
      const ends = by === 'closed' ? closeSession(client, { session }) : session.topUp(17n * quote)
      await expect(ends).rejects.toMatchObject({
        code: 'overcharged',
        details: { counted: String(counted.sum), said: String(counted.sum + 1n) },
      })
      await expect(callModel(client, { ...call(), session })).rejects.toMatchObject({ code: 'overcharged' })
      // The honest operator behind it takes the payer's word for the sum.
      const shown = await getSession(ada, { session: session.kept() })
      expect(shown.acknowledged).toBe(String(counted.sum))
      await expect(closeSession(ada, { session })).resolves.toMatchObject({ charged: String(counted.sum) })
    },
    300_000,
  )

  test('streams live and settles what was used', async () => {
    const { byron } = market
    const session = await openSession(byron, { asset: service, payer })
    const { events, ended } = await streamModel<Completion>(byron, { ...call(), session })
    let text = ''
    for await (const event of events) text += event.choices[0]?.text ?? ''
    const end = await ended
    expect(text).not.toBe('')
    expect(end.usage?.output_token).toBeGreaterThan(0)
    expect(session.kept().charged).toBe(end.amount)
    expect(await closeSession(byron, { session })).toMatchObject({ charged: String(end.amount) })
  }, 300_000)

  test('is all that the official OpenAI client needs', async () => {
    const { byron } = market
    const session = await openSession(byron, { asset: service, payer, budget: usd / 2n, ceiling: usd / 2n })
    const openai = new OpenAI(session.openai())
    const answer = await openai.chat.completions.create({
      model: String(service),
      messages: [{ role: 'user', content: 'The sea' }],
      max_tokens: 8,
    })
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0)
    const { charged } = await getSession(byron, { session: session.kept() })
    expect(BigInt((await closeSession(byron, { session })).charged)).toBeGreaterThan(0n)
    expect(charged).toBeDefined()
  }, 300_000)

  test('of the free calls of a day costs nothing', async () => {
    const { curie } = market
    const session = await openSession(curie, { asset: service, offer: 0n })
    const { amount, paidBy } = await callModel(curie, { ...call(), session })
    expect({ amount, paidBy }).toEqual({ amount: 0n, paidBy: 'free' })
  }, 300_000)
})

describe('a policy and a mandate', () => {
  test('refuse before anything is signed', async () => {
    const { byron, token } = market
    const payer = createPayer(byron, { policy: { token, perDayMax: 1n } })
    await expect(callModel(byron, { ...call(), payer })).rejects.toMatchObject({
      code: 'policy_refused',
      field: 'perDayMax',
    })
    const elsewhere = createPayer(byron, { policy: { token, assets: [service + 1n] } })
    await expect(openSession(byron, { asset: service, payer: elsewhere })).rejects.toMatchObject({ field: 'assets' })
  }, 300_000)

  test("an agent spends the owner's channel within its mandate, and the operator holds it to that", async () => {
    const { ada: owner, curie: agent, token } = market
    const quote = BigInt((await getQuote(agent, call())).amountMax)
    const mandate = await signMandate(owner, {
      agent: market.addressOf(agent),
      ...{ token, perCallMax: quote, perDayMax: 2n * quote, assets: [service] },
    })
    await fundMandate(owner, { mandate, asset: service, amount: 100n * quote })
    const payer = createPayer(agent, { mandate })
    const { amount, paidBy } = await callModel(agent, { ...call(), payer })
    expect(paidBy).toBe('voucher')
    expect(await getChannel(agent, { asset: service, payer })).toMatchObject({ charged: amount })

    // An agent whose own software does not hold it back.
    const loose: Payer = { ...payer, spending: { reserve: async () => ({ settle: async () => {} }) } }
    const large = { ...call(), body: { ...prompt, max_tokens: 400 } }
    await expect(callModel(agent, { ...large, payer: loose })).rejects.toMatchObject({ code: 'policy_refused' })
    const silent: AgoraiClient = { ...agent, http: withoutMandate(agent) }
    await expect(callModel(silent, { ...call(), payer: { ...loose, client: silent } })).rejects.toMatchObject({
      code: 'mandate_invalid',
    })
    let spent = amount
    for (let count = 0; count < 50; count++) {
      const called = await callModel(agent, { ...call(), payer: loose }).catch((error: unknown) => error)
      if (isAgoraiError(called, 'policy_refused')) break
      spent += (called as { amount: bigint }).amount
    }
    expect(spent <= 2n * quote).toBe(true)
    expect(spent > quote).toBe(true)
  }, 300_000)
})

test('a timed pass that was bought on chain pays for calls until it ends', async () => {
  const { boole, curie, token } = market
  const usage = 'inference'
  const { offer } = await listOffer(boole, { asset: service, token, price: usd / 10n, usage, timed: true })
  await expect(openSession(curie, { asset: service, offer })).rejects.toMatchObject({ code: 'entitlement_missing' })
  await market.mint(curie, usd)
  await buyOffer(curie, { offer, days: 2, amountMax: usd })
  await market.settle()
  expect(await findCallPass(curie, service)).toBe(offer)
  const session = await openSession(curie, { asset: service, offer })
  const before = await market.balanceOf(curie)
  const calls = await Promise.all([1, 2, 3].map(() => callModel<Completion>(curie, { ...call(), session })))
  expect(calls).toMatchObject(calls.map(() => ({ amount: 0n, paidBy: 'pass' })))
  expect(calls[0]?.result.choices[0]?.text).not.toBe('')
  expect(await closeSession(curie, { session })).toMatchObject({ state: 'closed', paidBy: 'pass', charged: '0' })
  expect(await market.balanceOf(curie)).toBe(before)
  await market.passTime(3 * 86_400)
  await market.settle()
  await expect(openSession(curie, { asset: service, offer })).rejects.toMatchObject({ code: 'entitlement_missing' })
}, 300_000)

test('a service that is stopped is not called any more', async () => {
  const { boole, byron } = market
  expect(await stopServing(boole, { asset: service })).toEqual({ stopped: service })
  await expect(callModel(byron, call())).rejects.toMatchObject({ code: 'model_not_found' })
}, 300_000)

/** An operator that says of a session one unit more than its calls came to. */
const overcharging =
  (path: RegExp, counted: { sum: bigint }): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init)
    if (!response.ok || !path.test(String(input))) return response
    const said = { ...((await response.json()) as object), charged: String(counted.sum + 1n) }
    return new Response(JSON.stringify(said), { status: response.status, headers: response.headers })
  }

/** Who signed for what a session came to, by the evidence that anybody with its token may ask for. */
function signerOfTotal(client: AgoraiClient, { session, acknowledged, acknowledgement }: SessionInfo): Promise<Hex> {
  if (acknowledgement === undefined) throw new Error('nobody signed')
  const { at, signature } = acknowledgement
  const domain = { chainId: client.info.chain.id, assetRegistry: client.info.chain.addresses.assetRegistry }
  const message = {
    session: sessionBytes32(session),
    payer: market.addressOf(client),
    total: BigInt(acknowledged),
    at: BigInt(at),
  }
  return recoverAddress({ hash: hashMessageOf(domain, 'SessionAcknowledgement', message), signature })
}

function withoutMandate({ http }: AgoraiClient): AgoraiClient['http'] {
  return {
    ...http,
    exchange: ({ headers, ...request }) => {
      const { 'agorai-mandate': _, ...rest } = headers ?? {}
      return http.exchange({ ...request, headers: rest })
    },
  }
}
