import { type Lineage, lineageSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetLineageParameters = { version: bigint }

/**
 * A version with everything it is built from and everything built from it, with the rate on each edge.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`
 */
export function getLineage(client: AgoraiClient, { version }: GetLineageParameters): Promise<Lineage> {
  return client.http.json(lineageSchema, { path: `api/v1/versions/${version}/lineage` })
}
