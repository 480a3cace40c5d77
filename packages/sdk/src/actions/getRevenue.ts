import { type Revenue, revenueSchema } from '@agorai/core'
import type { Address } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetRevenueParameters =
  /** Who is entitled to what out of a version, all its ancestors and the treasury. */
  | { version: bigint; token: Address }
  /** What one account is entitled to, out of everything. */
  | { account: Address; token: Address }

/**
 * Entitlements in one token, in its base units, as if every edge were pulled now.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`
 */
export function getRevenue(client: AgoraiClient, parameters: GetRevenueParameters): Promise<Revenue> {
  const { token } = parameters
  return 'version' in parameters
    ? client.http.json(revenueSchema, { path: `api/v1/versions/${parameters.version}/revenue`, query: { token } })
    : client.http.json(revenueSchema, { path: 'api/v1/revenue', query: { account: parameters.account, token } })
}
