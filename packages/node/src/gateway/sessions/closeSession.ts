import { AgoraiError, type SessionClosed } from '@agorai/core'
import type { LeaseReturned, SessionClosing } from '../../ports/sessionRecords.js'
import type { Memory } from '../memory.js'
import type { Live, Pools } from './pools.js'

export type CloseSessionOptions = {
  memory: Pick<Memory, 'sessions' | 'channels' | 'record' | 'catchUp'>
  pools: Pools
  gateway: string
  now?: () => number
}

const attemptsMax = 64
/** How long a gateway may be gone with a slice of a session that is closing. */
const graceSeconds = 86_400

/** Ends sessions: no more slices, every slice given back, then the sum is charged to the channel. */
export function createSessionClosing({ memory, pools, gateway, now = () => Date.now() / 1000 }: CloseSessionOptions) {
  const seconds = () => Math.floor(now())

  /** Says that no more slices are given, in the row of the slices. */
  function stop(live: Live): Promise<void> {
    const { state } = live
    return pools.inTurn(live, async () => {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        await memory.catchUp()
        if (state.state !== 'open') return
        const { id: session, nextLease: number } = state
        await memory.record<SessionClosing>({ kind: 'session-closing', session, number, gateway, at: seconds() })
      }
      throw new AgoraiError('busy', 'Other gateways were faster each time.')
    })
  }

  /** Charges the sum, once every slice is back. */
  function charge(live: Live): Promise<void> {
    const { state } = live
    return pools.inTurn(live, async () => {
      await memory.catchUp()
      const channel = state.channel && memory.channels.get(state.channel)
      if (channel === undefined || state.state !== 'closing' || state.leases.size > 0) return
      if (channel.session?.id !== state.id) return
      await memory.record<SessionClosed>({
        kind: 'session-closed',
        channel: channel.channel,
        sequence: channel.sequence,
        at: seconds(),
        session: state.id,
        to: String(state.from + state.charged),
        byVersion: [...state.byVersion].filter(([, amount]) => amount > 0n).map(([id, amount]) => [id, String(amount)]),
      })
      await memory.catchUp()
    })
  }

  /** What a gateway charged that never came back is not asked for: it is the operator's loss, and no payer waits for it. */
  async function forfeit(live: Live): Promise<void> {
    const { state } = live
    if (state.state !== 'closing' || now() < state.closingAt + graceSeconds) return
    await pools.inTurn(live, async () => {
      for (const [number, { gateway: holder, parts }] of [...state.leases]) {
        if (holder === gateway) continue
        const part = { kind: 'lease-returned', session: state.id, number, part: parts } as const
        await memory.record<LeaseReturned>({ ...part, last: true, calls: [], forfeited: true })
      }
    })
  }

  return {
    /** Goes as far as it can now. What other gateways hold they give back as soon as they see that it closes. */
    async close(live: Live): Promise<void> {
      if (live.state.state === 'closed') return
      await stop(live)
      await pools.giveBack(live)
      await charge(live)
    },
    /** The next step of a session that is closing. */
    async goOn(live: Live): Promise<void> {
      await pools.giveBack(live)
      await forfeit(live)
      await charge(live)
    },
  }
}

export type SessionClosings = ReturnType<typeof createSessionClosing>
