import { usageReceiptSchema } from '@agorai/core'
import type { z } from 'zod'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { KeptSession } from '../payments/keptSession.js'

export type GetReceiptParameters = {
  session: Pick<KeptSession, 'session' | 'bearer'>
  /** Number of the call in its session. */
  counter: number
}
/** The operator's signed statement of one call. */
export type SignedReceipt = z.output<typeof usageReceiptSchema>

/**
 * The signed receipt of a call, from the operator's log.
 *
 * @throws AgoraiError `not_found`, `session_refused`, `node_unavailable`
 */
export function getReceipt(client: AgoraiClient, { session, counter }: GetReceiptParameters): Promise<SignedReceipt> {
  return client.http.json(usageReceiptSchema, {
    path: `api/v1/sessions/${session.session}/receipts/${counter}`,
    headers: { authorization: `Bearer ${session.bearer}` },
  })
}
