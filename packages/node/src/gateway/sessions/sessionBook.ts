import type { SessionClosed, SessionOpened, SessionToppedUp } from '@agorai/core'
import { type Address, type Hex, zeroAddress } from 'viem'
import type {
  LeaseReturned,
  SessionAcknowledged,
  SessionGranted,
  SessionJournalRecord,
} from '../../ports/sessionRecords.js'
import { type ChargedCalls, createChargedCalls } from './chargedCalls.js'
import { nameOfCall, parseChargeLine } from './chargeLine.js'

/** A session as the records made it. Amounts are base units of its token; of free calls, how many. */
export type SessionState = {
  readonly id: string
  readonly paidBy: 'channel' | 'pass' | 'free'
  readonly payer: Address
  /** Whose idempotency keys its calls have: who signs for it, as anybody can open a channel in another's name. */
  readonly signer: Address
  readonly channel: Hex | undefined
  readonly token: Address | undefined
  /** The one service that it is for. */
  readonly asset: string | undefined
  /** Names the request that it was opened for: the EIP-712 digest of a signed one. */
  readonly request: Hex | undefined
  /** What the channel had been charged when the session took it. */
  readonly from: bigint
  /** Unix seconds. */
  readonly openedAt: number
  readonly expiresAt: number
  ceiling: bigint
  state: 'open' | 'closing' | 'closed'
  closingAt: number
  /** The place of the next slice. */
  nextLease: number
  /** Slices that were not given back. */
  readonly leases: Map<number, { gateway: string; amount: bigint; parts: number }>
  outstanding: bigint
  /** What was charged on the slices that were given back. */
  charged: bigint
  readonly byVersion: Map<string, bigint>
  /** What was charged: of a call that two gateways answered, the one that is given back first. */
  counters: ChargedCalls | undefined
  acknowledged: bigint
  /** The payer's signature for that. */
  acknowledgement: { at: string; signature: Hex } | undefined
  /** Where the calls of the slices that were given back are written, by the counters in each part. */
  readonly reports: { number: number; part: number; least: number; most: number }[]
}

/** All sessions of an operator, made from the records in their order. */
export type SessionBook = {
  get(session: string): SessionState | undefined
  /** The session that was granted for a signed request. */
  granted(request: Hex): SessionState | undefined
  /** How many free calls an account took on a day, and in how many slices. */
  freeCalls(asset: string, holder: Address, day: number): { taken: number; slices: number }
  /** Those that are not closed. */
  running(): IterableIterator<SessionState>
  apply(record: SessionJournalRecord | SessionOpened | SessionToppedUp | SessionClosed): void
}

/** Sessions that are remembered after their end. */
const closedMax = 20_000
const secondsPerDay = 86_400
/** Bounds the calls of a session that a pass pays for, of which no ceiling is stated. */
const passCallsMax = 2n ** 64n

export function createSessionBook(now: () => number = () => Date.now() / 1000): SessionBook {
  const running = new Map<string, SessionState>()
  const closed = new Map<string, SessionState>()
  const byRequest = new Map<Hex, SessionState>()
  const free = new Map<string, { day: number; taken: number; slices: number }>()
  const get = (id: string) => running.get(id) ?? closed.get(id)

  function end(session: SessionState): void {
    session.state = 'closed'
    session.counters = undefined
    running.delete(session.id)
    closed.set(session.id, session)
    if (closed.size <= closedMax) return
    const [oldest] = closed.values()
    if (oldest === undefined) return
    closed.delete(oldest.id)
    if (oldest.request !== undefined) byRequest.delete(oldest.request)
  }

  /** A session that no channel waits for has ended when its last slice is back. */
  function endGranted(session: SessionState): void {
    if (session.paidBy !== 'channel' && session.state === 'closing' && session.leases.size === 0) end(session)
  }

  function grant(record: SessionGranted): void {
    const { holder, asset, request, free: slice } = record
    if (slice !== undefined) {
      const today = Math.floor(now() / secondsPerDay)
      for (const [name, { day }] of free) if (day < today - 1) free.delete(name)
      const name = dayName(asset, holder, slice.day)
      const before = free.get(name) ?? { day: slice.day, taken: 0, slices: 0 }
      free.set(name, { day: slice.day, taken: before.taken + slice.calls, slices: before.slices + 1 })
    }
    const session = begin({
      ...{ id: record.session, paidBy: record.by, payer: holder, signer: holder, asset, request, from: 0n },
      ...{ channel: undefined, token: undefined, openedAt: record.openedAt, expiresAt: record.expiresAt },
      ceiling: slice === undefined ? passCallsMax : BigInt(slice.calls),
    })
    running.set(session.id, session)
    byRequest.set(request, session)
  }

  return {
    get,
    granted: (request) => byRequest.get(request),
    freeCalls: (asset, holder, day) => free.get(dayName(asset, holder, day)) ?? { taken: 0, slices: 0 },
    running: () => running.values(),
    apply(record) {
      if (record.kind === 'session-granted') {
        grant(record)
        return
      }
      if (record.kind === 'session-opened') {
        if (!running.has(record.session)) running.set(record.session, beginPaid(record))
        return
      }
      if (record.kind === 'call-begun' || record.kind === 'call-ended') return
      const session = get(record.session)
      if (session === undefined || session.state === 'closed') return
      switch (record.kind) {
        case 'session-topped-up':
          session.ceiling = BigInt(record.ceiling) - session.from
          return
        case 'session-closed':
          end(session)
          return
        case 'session-acknowledged':
          acknowledge(session, record)
          return
        case 'lease-taken':
          if (record.number !== session.nextLease || session.state !== 'open') return
          session.nextLease += 1
          session.leases.set(record.number, { gateway: record.gateway, amount: BigInt(record.amount), parts: 0 })
          session.outstanding += BigInt(record.amount)
          return
        case 'session-closing':
          if (record.number !== session.nextLease) return
          session.nextLease += 1
          session.state = 'closing'
          session.closingAt = record.at
          endGranted(session)
          return
        case 'lease-returned':
          giveBack(session, record)
          endGranted(session)
      }
    },
  }
}

const dayName = (asset: string, holder: Address, day: number): string => `${asset}/${holder.toLowerCase()}/${day}`

type Beginning = Omit<
  SessionState,
  | 'state'
  | 'closingAt'
  | 'nextLease'
  | 'leases'
  | 'outstanding'
  | 'charged'
  | 'byVersion'
  | 'counters'
  | 'acknowledged'
  | 'acknowledgement'
  | 'reports'
>

const begin = (beginning: Beginning): SessionState => ({
  ...beginning,
  state: 'open',
  closingAt: 0,
  nextLease: 0,
  leases: new Map(),
  outstanding: 0n,
  charged: 0n,
  byVersion: new Map(),
  counters: createChargedCalls(),
  acknowledged: 0n,
  acknowledgement: undefined,
  reports: [],
})

function beginPaid(record: SessionOpened): SessionState {
  const from = BigInt(record.from)
  return begin({
    id: record.session,
    paidBy: 'channel',
    payer: record.payer,
    signer: signerOf(record),
    channel: record.channel,
    token: record.token,
    asset: record.scope,
    request: record.request,
    from,
    openedAt: record.at,
    expiresAt: record.expiry,
    ceiling: BigInt(record.ceiling) - from,
  })
}

/** Who may sign vouchers: the authorizer that the channel names, or its payer. */
const signerOf = ({ config, payer }: SessionOpened): Address =>
  config === undefined || config.payerAuthorizer === zeroAddress ? payer : config.payerAuthorizer

function acknowledge(session: SessionState, { total, at, signature }: SessionAcknowledged): void {
  if (BigInt(total) <= session.acknowledged) return
  session.acknowledged = BigInt(total)
  session.acknowledgement = { at, signature }
}

/** What a call takes from the ceiling: of a session of free calls, one of them. */
export const drawOf = ({ paidBy }: Pick<SessionState, 'paidBy'>, amount: bigint): bigint =>
  paidBy === 'channel' ? amount : paidBy === 'free' ? 1n : 0n

function giveBack(session: SessionState, { number, part, last, calls }: LeaseReturned): void {
  const lease = session.leases.get(number)
  if (lease === undefined || part !== lease.parts) return
  lease.parts += 1
  const report = { number, part, least: Number.MAX_SAFE_INTEGER, most: 0 }
  for (const line of calls) {
    const call = parseChargeLine(line)
    const { counter, amount, version } = call
    report.least = Math.min(report.least, counter)
    report.most = Math.max(report.most, counter)
    if (session.counters?.add(counter, nameOfCall(call)) === false) continue
    const draw = drawOf(session, amount)
    lease.amount -= draw
    session.outstanding -= draw
    session.charged += draw
    session.byVersion.set(version, (session.byVersion.get(version) ?? 0n) + amount)
  }
  if (calls.length > 0) session.reports.push(report)
  if (!last) return
  session.leases.delete(number)
  session.outstanding -= lease.amount
}
