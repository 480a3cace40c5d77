import type { AgoraiClient } from '../createAgoraiClient.js'
import type { KeptSession } from '../payments/keptSession.js'
import type { Session } from '../payments/session.js'

export type TopUpSessionParameters = {
  session: Session
  /** What the session may come to from now on, in base units; not what is added. */
  ceiling: bigint
}

/**
 * Raises the ceiling of a session at once. Calls raise it by themselves as they need it; a session whose bearer token
 * another program has is raised by this.
 *
 * @returns The session as it is to be kept.
 * @throws AgoraiError `policy_refused`, `funds_missing`, `session_closed`, `session_refused`, `node_unavailable`
 */
export async function topUpSession(
  _: AgoraiClient,
  { session, ceiling }: TopUpSessionParameters,
): Promise<KeptSession> {
  await session.topUp(ceiling)
  return session.kept()
}
