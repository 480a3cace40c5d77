import { type SessionInfo, sessionSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { KeptSession } from '../payments/keptSession.js'

export type GetSessionParameters = { session: Pick<KeptSession, 'session' | 'bearer'> }

/**
 * How a session stands, by its operator.
 *
 * @throws AgoraiError `session_refused`, `node_unavailable`
 */
export function getSession(client: AgoraiClient, { session }: GetSessionParameters): Promise<SessionInfo> {
  return client.http.json(sessionSchema, {
    path: `api/v1/sessions/${session.session}`,
    headers: { authorization: `Bearer ${session.bearer}` },
  })
}
