import { type SessionInfo, sessionSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { Session } from '../payments/session.js'

export type CloseSessionParameters = {
  session: Session
  /** Longest wait for gateways that still hold a part of it. Default 30,000. */
  timeoutMs?: number | undefined
}

const waitMs = 200

/**
 * Closes a session: the channel is charged what the calls came to, and the rest is free again. Before that the payer signs
 * for what was counted here, where a key in this process signs.
 *
 * @throws AgoraiError `overcharged` when it is said to have come to more than was counted here, or, of one whose key was
 * given away, than its ceiling; `session_refused`, `node_unavailable`
 */
export async function closeSession(
  client: AgoraiClient,
  { session, timeoutMs = 30_000 }: CloseSessionParameters,
): Promise<SessionInfo> {
  const { session: id, bearer } = session.kept()
  await session.acknowledge().catch(() => {})
  const until = Date.now() + timeoutMs
  for (;;) {
    const closed = await client.http.json(sessionSchema, {
      method: 'POST',
      path: `api/v1/sessions/${id}/close`,
      headers: { authorization: `Bearer ${bearer}` },
      attemptsMax: 3,
    })
    const charged = BigInt(closed.charged)
    session.check(charged)
    if (closed.state === 'closed') await session.ended(charged)
    if (closed.state === 'closed' || Date.now() >= until) return closed
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
