import { type VersionList, versionListSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetVersionsParameters = {
  asset: bigint
  /** 1 to 100. Default 20. */
  limit?: number
  /** `nextCursor` of the page before, or an asset's `versionsCursor`. */
  cursor?: string | undefined
}

/**
 * One page of what an asset published, the newest first, from the node's index. `everyPage` reads them all.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`, `invalid_request`
 */
export function getVersions(
  client: AgoraiClient,
  { asset, limit, cursor }: GetVersionsParameters,
): Promise<VersionList> {
  return client.http.json(versionListSchema, { path: `api/v1/assets/${asset}/versions`, query: { limit, cursor } })
}
