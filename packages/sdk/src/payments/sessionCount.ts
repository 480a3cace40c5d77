import { AgoraiError } from '@agorai/core'
import type { KeptSession } from './keptSession.js'
import { greater } from './sessionCeiling.js'

/** What a session is counted by. Base units. */
export type Counted = Pick<KeptSession, 'session' | 'channel' | 'ceiling' | 'charged' | 'unsure' | 'shared'>

/** What a session's calls came to for certain: that is what its payer may sign for. */
export const leastOf = ({ charged, unsure }: Counted): bigint => greater(charged - unsure, 0n)

/**
 * Compares what an operator says it charged with what was counted here, of each call at least what it can have cost. Of a
 * session that others may have called on, only the ceiling says what is too much.
 *
 * @param said What it says was charged.
 * @param reserved The most of the calls under way.
 * @throws AgoraiError `overcharged`, with both sums in its details
 */
export function assertCounted(kept: Counted, said: bigint, reserved: bigint): void {
  if (kept.channel === undefined) return
  const most = kept.shared ? kept.ceiling : kept.charged + reserved
  if (said <= most) return
  throw new AgoraiError(
    'overcharged',
    kept.shared
      ? `The session is said to have come to ${said}, above its ceiling of ${most}.`
      : `The operator says the session came to ${said}, and its calls came to ${most} at most.`,
    { details: { session: kept.session, said: String(said), counted: String(most) } },
  )
}
