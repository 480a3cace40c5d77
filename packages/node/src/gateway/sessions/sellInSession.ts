import { hash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { AgoraiError, formatUsage, priceOfCall, receiptHeaderOf } from '@agorai/core'
import type { ChargeLog, ChargeRecord } from '../../ports/chargeLog.js'
import type { Usage } from '../../ports/inference.js'
import type { KeptAnswer } from '../../ports/sessionRecords.js'
import { type AnswerOnce, type KeyedCall, keptBytesMax, readIdempotencyKey } from '../calls/answerOnce.js'
import type { Call, CallAnswer, Caller, Cashier } from '../calls/cashier.js'
import { createResponse } from '../http/createResponse.js'
import { withHeader } from '../http/withHeader.js'
import type { Authenticated, LiveSessions } from './authenticate.js'
import { chargeLine } from './chargeLine.js'
import { createKeptAnswers, type LastAnswer } from './keptAnswers.js'
import { assertOpen, nextCounter, type Pool, type Pools } from './pools.js'
import { drawOf, type SessionState } from './sessionBook.js'
import { streamAndCharge } from './streamAndCharge.js'

export type SellInSessionOptions = {
  live: LiveSessions
  pools: Pools
  log: Pick<ChargeLog, 'append'>
  answerOnce: AnswerOnce
  now?: () => number
}

type Work = (caller: Caller) => Promise<CallAnswer>

/** A call whose most is reserved. */
type Held = {
  call: Call
  authenticated: Authenticated
  pool: Pool
  counter: number
  /** The most that it may cost. */
  max: bigint
  keyed: KeyedCall | undefined
}

/** Accounts that pay nothing cost nothing, so callers of free calls are told apart by where they ask from. */
const payerOf = ({ paidBy, payer }: SessionState): string | undefined =>
  paidBy === 'free' ? undefined : payer.toLowerCase()

/** An answer that is whole is not given up: whoever goes away has asked for it and pays for it. */
const staying: Caller = new AbortController()
// As many calls as there are listen to it while they run.
setMaxListeners(0, staying.signal)

/**
 * Sells calls in sessions: reserves the most that a call may cost, runs it, charges what it used. Calls run at the same
 * time. A charge is on the disk before the answer leaves; the journal is not asked.
 */
export function createSellInSession(options: SellInSessionOptions): Cashier['sell'] {
  const { live: sessions, pools, log, answerOnce, now = () => Date.now() / 1000 } = options
  const kept = createKeptAnswers()

  function hold(call: Call, authenticated: Authenticated, keyed: KeyedCall | undefined): Held | Promise<Held> {
    const { live, bound } = authenticated
    const { state } = live
    const max = state.paidBy === 'channel' ? priceOfCall(call.service.serving.prices, call.usageMax) : 0n
    const reserved = pools.reserve(live, drawOf(state, max))
    live.usedAtMs = now() * 1000
    const toHeld = (pool: Pool): Held => {
      return { call, authenticated, pool, max, keyed, counter: bound?.counter ?? nextCounter(pool) }
    }
    return reserved instanceof Promise ? reserved.then(toHeld) : toHeld(reserved)
  }

  /** Writes down what a call cost, and with an idempotency key the answer. @returns The answer's headers, with its receipt. */
  async function charge(held: Held, answer: Answered): Promise<Record<string, string>> {
    const { call, authenticated, pool, counter, max, keyed } = held
    const { live, requestHash } = authenticated
    const { state } = live
    const price = max === 0n ? 0n : priceOfCall(call.service.serving.prices, answer.usage)
    // The buyer's maximum holds, whatever the meter says.
    const amount = price < max ? price : max
    const usage = formatUsage(answer.usage)
    const version = call.service.version.toString()
    const { responseHash } = answer
    const at = Math.floor(now())
    const mac = authenticated.bound?.mac ?? ''
    // Objects of every call are written out: see `withHeader`.
    const line = chargeLine({ counter, amount, version, at, usage, requestHash, responseHash, mac })
    const receipt = receiptHeaderOf({ subject: state.id, counter, amount, usage, requestHash, responseHash })
    const headers = withHeader(answer.headers, 'agorai-receipt', receipt)
    const record: ChargeRecord = { kind: 'charge', session: state.id, lease: pool.leases[0] ?? 0, call: line }
    if (keyed !== undefined) record.keyed = { ...keyed, answer: toKept(answer.status, headers, answer.body) }
    try {
      await log.append(record)
    } catch (error) {
      // Nobody knows what the disk holds, so what was reserved stays so until a restart has read it.
      pools.release(live, pool, 0n)
      throw error
    }
    pools.charged(live, pool, line)
    pools.release(live, pool, drawOf(state, max) - drawOf(state, amount))
    return headers
  }

  const giveUp = ({ authenticated: { live }, pool, max }: Held): void =>
    pools.release(live, pool, drawOf(live.state, max))

  async function run(held: Held, work: Work): Promise<Sold> {
    const aborting = held.call.streams ? new AbortController() : undefined
    let answer: CallAnswer
    try {
      answer = await work({ signal: (aborting ?? staying).signal, payer: payerOf(held.authenticated.live.state) })
      // What is to be given again as it was is made whole first.
      if (answer.kind === 'stream' && held.keyed !== undefined) answer = await collect(answer)
    } catch (error) {
      giveUp(held)
      throw error
    }
    if (answer.kind === 'stream') {
      const { headers } = answer
      return streamAndCharge(answer, {
        headers: { ...headers, 'agorai-receipt': `${held.authenticated.live.state.id};n=${held.counter}` },
        abort: () => aborting?.abort(),
        charge: (usage, responseHash) =>
          charge(held, { status: 200, headers, body: nothing, usage, responseHash }).then(() => {}),
        giveUp: () => giveUp(held),
      })
    }
    if (answer.status >= 400) {
      giveUp(held)
      return toResponse(answer.status, answer.headers, answer.body)
    }
    const { status, body, usage } = answer
    const responseHash = hash('sha256', body, 'base64url')
    const headers = await charge(held, { status, headers: answer.headers, body, usage, responseHash })
    const { bound, live } = held.authenticated
    if (bound !== undefined) kept.keep(live.state.id, bound.counter, { mac: bound.mac, status, headers, body })
    const { response } = toResponse(status, headers, body)
    return { response, answer: held.keyed && toKept(status, headers, body) }
  }

  /** One use of a counter. A call that throws has not used it. */
  async function withCounter<result>(
    { live, bound }: Authenticated,
    sell: () => Promise<result>,
    again: (answer: LastAnswer) => result,
  ): Promise<result> {
    if (bound === undefined) return sell()
    const { counter, mac, session } = bound
    if (live.state.counters?.has(counter) || !live.counters.add(counter)) {
      const last = kept.get(session, counter)
      if (last?.mac === mac) return again(last)
      if (live.inFlight.has(counter))
        throw new AgoraiError('call_in_flight', 'The call with this counter has no answer yet.')
      throw new AgoraiError('counter_used', `Counter ${counter} has been used.`, { details: { counter } })
    }
    live.inFlight.add(counter)
    try {
      return await sell()
    } catch (error) {
      live.counters.delete(counter)
      throw error
    } finally {
      live.inFlight.delete(counter)
    }
  }

  const sellOnce = (
    call: Call,
    authenticated: Authenticated,
    keyed: KeyedCall | undefined,
    work: Work,
  ): Promise<Sold> =>
    withCounter(
      authenticated,
      () => {
        const held = hold(call, authenticated, keyed)
        return held instanceof Promise ? held.then((each) => run(each, work)) : run(held, work)
      },
      ({ status, headers, body }) => toResponse(status, headers, body),
    )

  return async function sell(call, work) {
    const found = sessions.authenticate(call.request, call.body)
    const authenticated = found instanceof Promise ? await found : found
    const { state } = authenticated.live
    assertUsable(state, call, now())
    const key = readIdempotencyKey(call.request.headers)
    if (key === undefined) return (await sellOnce(call, authenticated, undefined, work)).response
    const { method, url } = call.request
    const asked = `${method}\n${new URL(url).pathname}\n${authenticated.requestHash}`
    return answerOnce.once(
      { scope: state.signer.toLowerCase(), key, requestHash: hash('sha256', asked, 'base64url') },
      async (keyed) => {
        const { response, answer } = await sellOnce(call, authenticated, keyed, work)
        return { answer, result: response }
      },
      replay,
    )
  }
}

/** What was sold: the answer, and what is kept of it for its idempotency key. */
type Sold = { response: Response; answer?: KeptAnswer | undefined }

type Answered = {
  status: number
  headers: Record<string, string>
  body: Uint8Array
  usage: Usage
  responseHash: string
}

const nothing = new Uint8Array()

const toResponse = (status: number, headers: Record<string, string>, body: Uint8Array): Sold => ({
  response: createResponse(body, { status, headers }),
})

const toKept = (status: number, headers: Record<string, string>, body: Uint8Array): KeptAnswer => ({
  status,
  headers,
  body: body.length > keptBytesMax ? undefined : Buffer.from(body).toString('base64'),
})

function replay({ status, headers, body }: KeptAnswer): Response {
  if (body === undefined)
    throw new AgoraiError('answer_not_kept', `Answers of up to ${keptBytesMax} bytes are kept.`, {
      details: { receipt: headers['agorai-receipt'] ?? '' },
    })
  return new Response(Buffer.from(body, 'base64'), { status, headers: { ...headers, 'idempotent-replayed': 'true' } })
}

async function collect(answer: Extract<CallAnswer, { kind: 'stream' }>): Promise<CallAnswer> {
  const parts: Uint8Array[] = []
  for await (const part of answer.chunks) parts.push(part)
  return {
    ...{ kind: 'whole', status: 200, headers: answer.headers, body: Buffer.concat(parts) },
    usage: await answer.usage,
  }
}

/** @throws AgoraiError `session_closed`, `session_scope` */
function assertUsable(state: SessionState, { service }: Call, nowSeconds: number): void {
  assertOpen(state, nowSeconds)
  if (state.asset !== undefined && state.asset !== service.asset.toString())
    throw new AgoraiError('session_scope', `The session is for asset ${state.asset}.`)
  if (state.token !== undefined && state.token.toLowerCase() !== service.serving.token.toLowerCase())
    throw new AgoraiError('session_scope', 'The service is paid in another token.')
}
