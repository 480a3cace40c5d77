import type { ChargeLog } from '../../ports/chargeLog.js'
import type { AnswerOnce } from '../calls/answerOnce.js'
import type { Memory } from '../memory.js'
import type { ChannelDesk } from '../payments/channelDesk.js'
import type { LiveSessions } from './authenticate.js'
import type { SessionClosings } from './closeSession.js'
import { callsPerRecord, type Live, type Pools } from './pools.js'
import type { SessionState } from './sessionBook.js'

export type KeepHouseOptions = {
  memory: Pick<Memory, 'sessions' | 'catchUp'>
  live: LiveSessions
  pools: Pools
  closings: SessionClosings
  answerOnce: AnswerOnce
  log: Pick<ChargeLog, 'bytes' | 'turn'>
  shared: boolean
  /** Undefined where the chain has no channels. */
  desk: Pick<ChannelDesk, 'isWithdrawing'> | undefined
  onWarning(message: string, cause: unknown): void
  now?: () => number
}

const everyMs = 500
/** A slice that is not used for so long is given back where others may want it. */
const idleMs = 2_000
/** Far below the shortest time that a withdrawal takes. */
const othersEverySeconds = 120
const logBytesMax = 64 * 1024 * 1024

/** What happens to sessions without being asked for: slices come back, sessions end, the log is begun anew. */
export function createHousekeeping(options: KeepHouseOptions) {
  const {
    memory,
    live: sessions,
    pools,
    closings,
    answerOnce,
    log,
    shared,
    onWarning,
    now = () => Date.now() / 1000,
  } = options
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  /** What a payer takes out pays for no more calls. A chain that does not answer says nothing against anybody. */
  async function isWithdrawing({ channel }: SessionState): Promise<boolean> {
    if (channel === undefined || options.desk === undefined) return false
    return options.desk.isWithdrawing(channel).catch(() => false)
  }

  /** When the chain was last asked of sessions that this gateway may not have been asked for. */
  const lookedAt = new Map<string, number>()

  /** Whether a session has to end that another gateway may have opened, which may be gone. */
  async function isOver(state: SessionState): Promise<boolean> {
    if (state.state === 'closing' || now() >= state.expiresAt) return true
    if (state.charged === 0n || now() < (lookedAt.get(state.id) ?? 0) + othersEverySeconds) return false
    lookedAt.set(state.id, now())
    return isWithdrawing(state)
  }

  async function look(live: Live): Promise<void> {
    const { state, pool } = live
    if (state.state === 'closed') {
      sessions.forget(state.id)
      return
    }
    if (state.state === 'closing') return closings.goOn(live)
    if (now() >= state.expiresAt || (await isWithdrawing(state))) return closings.close(live)
    if (pool.calls.length >= callsPerRecord) await pools.report(live)
    const isIdle = shared && pool.leases.length > 0 && pool.inFlight === 0 && now() * 1000 - live.usedAtMs > idleMs
    if (isIdle || live.ending.size > 0) await (isIdle ? pools.giveBack(live) : pools.finish(live))
  }

  /** Told once, not at every round that it lasts. */
  const failing = new Set<string>()
  async function attempt(name: string, message: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      failing.delete(name)
    } catch (cause) {
      if (!failing.has(name)) onWarning(message, cause)
      failing.add(name)
    }
  }

  async function round(): Promise<void> {
    const [first] = memory.sessions.running()
    // What other gateways do matters to sessions that are known here.
    if (first !== undefined) await memory.catchUp()
    // Also those that other gateways opened: whoever is there ends what has expired, or what its payer takes back.
    const running = [...memory.sessions.running()]
    for (const state of running) if (await isOver(state)) sessions.find(state.id)
    const ids = new Set(running.map(({ id }) => id))
    for (const id of lookedAt.keys()) if (!ids.has(id)) lookedAt.delete(id)
    for (const live of [...sessions.all()])
      await attempt(live.state.id, 'A session waits to be brought to its end.', () => look(live))
    await answerOnce.recordRest()
    if (log.bytes() > logBytesMax) await turnLog()
  }

  /** What stands in the old file is reported before it goes. */
  async function turnLog(): Promise<void> {
    const forget = await log.turn()
    for (const live of [...sessions.all()]) {
      await pools.report(live)
      await pools.finish(live)
    }
    // An answer may be in the old file alone until the journal has it.
    await answerOnce.recordRest()
    const left = [...sessions.all()].some(({ ending }) => [...ending].some(({ calls }) => calls.length > 0))
    if (!left) await forget()
  }

  const tick = (): void => {
    running ??= attempt('round', 'Sessions could not be looked after.', round).finally(() => {
      running = undefined
    })
  }

  return {
    start(): void {
      timer = setInterval(tick, everyMs)
      timer.unref()
    },
    /** One round now. */
    async look(): Promise<void> {
      await running
      await round()
    },
    async stop(): Promise<void> {
      clearInterval(timer)
      await running
    },
  }
}
