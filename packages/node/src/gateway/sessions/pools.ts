import { AgoraiError, counterMax } from '@agorai/core'
import type { LeaseReturned, LeaseTaken } from '../../ports/sessionRecords.js'
import type { Memory } from '../memory.js'
import { type CounterSet, createCounterSet } from './counterSet.js'
import type { SessionState } from './sessionBook.js'
import type { SessionSecrets } from './sessionKeys.js'

/** What one gateway may charge on a session by itself: the slices of the ceiling that it holds, as one. */
export type Pool = {
  readonly leases: number[]
  /** What is neither charged nor reserved. */
  room: bigint
  inFlight: number
  /** Calls that were charged and not reported yet. */
  calls: string[]
  /** Of the next call that brings no counter. */
  index: number
  parts: number
}

/** A session at this gateway. */
export type Live = {
  readonly state: SessionState
  readonly secrets: SessionSecrets
  pool: Pool
  /** Pools that take no more calls, until what they charged is given back. */
  readonly ending: Set<Pool>
  /** Counters that calls use, or used, at this gateway. */
  readonly counters: CounterSet
  /** Those of calls that have no answer yet. */
  readonly inFlight: CounterSet
  /** Whatever writes records of the session does so in turn. */
  turn: Promise<unknown>
  usedAtMs: number
}

export type PoolsOptions = {
  memory: Pick<Memory, 'sessions' | 'record' | 'catchUp'>
  /** This gateway's name. */
  gateway: string
  /** Whether other gateways take slices of the same sessions. */
  shared: boolean
  now?: () => number
}

/** Calls in a record. A line of them has 280 characters at most. More at once would keep all other calls waiting while they are written. */
export const callsPerRecord = 64
const indexesPerLease = 2 ** 24
const attemptsMax = 64
/** Of what is free, the part that one of several gateways takes at a time. */
const sliceDivisor = 4n

const newPool = (): Pool => ({ leases: [], room: 0n, inFlight: 0, calls: [], index: 0, parts: 0 })

export const createLive = (state: SessionState, secrets: SessionSecrets): Live => ({
  state,
  secrets,
  pool: newPool(),
  ending: new Set(),
  counters: createCounterSet(),
  inFlight: createCounterSet(),
  turn: Promise.resolve(),
  usedAtMs: 0,
})

/** The counter of a call that brings none: unique in the session, above those of clients. */
export const nextCounter = (pool: Pool): number => {
  const counter = counterMax + 1 + (pool.leases[0] ?? 0) * indexesPerLease + pool.index
  pool.index += 1
  return counter
}

/** Takes and gives back slices of sessions, by the journal. */
export function createPools({ memory, gateway, shared, now = () => Date.now() / 1000 }: PoolsOptions) {
  const seconds = () => Math.floor(now())

  /** One after the other for each session, whatever became of the one before. */
  function inTurn<result>(live: Live, work: () => Promise<result>): Promise<result> {
    const done = live.turn.then(work, work)
    live.turn = done.catch(() => {})
    return done
  }

  /** Slices that the journal knows to be this gateway's and that no pool has: whoever asked for them got no answer. */
  function adopt(live: Live): void {
    const known = new Set([live.pool, ...live.ending].flatMap(({ leases }) => leases))
    for (const [number, lease] of live.state.leases) {
      if (lease.gateway !== gateway || known.has(number)) continue
      live.pool.leases.push(number)
      live.pool.room += lease.amount
    }
  }

  async function grow(live: Live, draw: bigint): Promise<Pool> {
    const { state } = live
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      await memory.catchUp()
      assertOpen(state, now())
      adopt(live)
      const { pool } = live
      // Held at once: whoever waits gives others the time to take it.
      if (pool.room >= draw && pool.leases.length > 0) return hold(pool, draw)
      const free = state.ceiling - state.charged - state.outstanding
      const lacking = draw > pool.room ? draw - pool.room : 0n
      if (free < lacking) throw exhausted(state, lacking - free)
      const slice = shared ? free / sliceDivisor : free
      const amount = slice > lacking ? slice : lacking
      await memory.record<LeaseTaken>({
        kind: 'lease-taken',
        session: state.id,
        number: state.nextLease,
        gateway,
        amount: amount.toString(),
        at: seconds(),
      })
    }
    throw new AgoraiError('busy', 'Other gateways were faster each time.')
  }

  /**
   * Writes down so many of the calls that a pool charged, and not what is charged meanwhile; with `last` all, and that it
   * charges no more.
   */
  async function report(live: Live, pool: Pool, { due, last }: { due: number; last: boolean }): Promise<void> {
    const [number, ...others] = pool.leases
    if (number === undefined) return
    for (let left = due; last || (left > 0 && pool.calls.length > 0); ) {
      const calls = pool.calls.slice(0, callsPerRecord)
      const isLast = last && calls.length === pool.calls.length
      // A record that got no answer may stand already, with what there was at that time.
      const standing = await memory.record<LeaseReturned>({
        ...{ kind: 'lease-returned', session: live.state.id, number },
        ...{ part: pool.parts, last: isLast, calls },
      })
      pool.parts += 1
      pool.calls.splice(0, standing.calls.length)
      left -= standing.calls.length
      if (standing.last) break
    }
    if (!last) return
    // The first one stands for what was charged on all of them: as long as the others are out, nothing looks free that is not.
    for (const each of others)
      await memory.record<LeaseReturned>({
        ...{ kind: 'lease-returned', session: live.state.id, number: each },
        ...{ part: 0, last: true, calls: [] },
      })
  }

  async function finish(live: Live, pool: Pool): Promise<void> {
    if (pool.inFlight > 0 || !live.ending.has(pool)) return
    await report(live, pool, { due: pool.calls.length, last: true })
    live.ending.delete(pool)
  }

  return {
    inTurn,
    /** What the call can be charged on, its most reserved. At once where there is room. */
    reserve(live: Live, draw: bigint): Pool | Promise<Pool> {
      const { pool } = live
      if (pool.leases.length === 0 || pool.room < draw) return inTurn(live, () => grow(live, draw))
      return hold(pool, draw)
    },
    /** Notes what a call was charged. Calls that fill a record are written down at once, so that few of them wait. */
    charged(live: Live, pool: Pool, line: string): void {
      pool.calls.push(line)
      if (pool.calls.length % callsPerRecord !== 0) return
      // Where it fails, the next round tries again, and says so.
      void inTurn(live, () => report(live, pool, { due: callsPerRecord, last: false })).catch(() => {})
    },
    /** Gives up what was reserved beyond what was charged. */
    release(live: Live, pool: Pool, unused: bigint): void {
      pool.inFlight -= 1
      pool.room += unused
      if (pool.inFlight === 0 && live.ending.has(pool)) void inTurn(live, () => finish(live, pool)).catch(() => {})
    },
    /** Writes down what was charged until now. */
    report: (live: Live): Promise<void> =>
      inTurn(live, async () => {
        for (const pool of [live.pool, ...live.ending])
          await report(live, pool, { due: pool.calls.length, last: false })
      }),
    /** Gives back what takes no more calls, where no call is under way on it any more. */
    finish: (live: Live): Promise<void> =>
      inTurn(live, async () => {
        for (const pool of live.ending) await finish(live, pool)
      }),
    /** Takes no more calls on what is held, and gives it back as soon as no call is under way. */
    giveBack(live: Live): Promise<void> {
      return inTurn(live, async () => {
        if (live.pool.leases.length > 0) {
          live.ending.add(live.pool)
          live.pool = newPool()
        }
        for (const pool of live.ending) await finish(live, pool)
      })
    },
  }
}

export type Pools = ReturnType<typeof createPools>

function hold(pool: Pool, draw: bigint): Pool {
  pool.room -= draw
  pool.inFlight += 1
  return pool
}

/** @throws AgoraiError `session_closed` */
export function assertOpen(state: SessionState, nowSeconds: number): void {
  if (state.state === 'open' && nowSeconds < state.expiresAt) return
  throw new AgoraiError('session_closed', state.state === 'open' ? 'It has expired.' : `It is ${state.state}.`, {
    details: { expiresAt: state.expiresAt },
  })
}

function exhausted(state: SessionState, missing: bigint): AgoraiError {
  const { ceiling, charged, outstanding } = state
  return new AgoraiError('session_exhausted', `It lacks ${missing}.`, {
    details: { missing: `${missing}`, ceiling: `${ceiling}`, charged: `${charged}`, outstanding: `${outstanding}` },
  })
}
