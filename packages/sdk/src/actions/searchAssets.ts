import { type AssetKind, type AssetList, assetListSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type SearchAssetsParameters = {
  /** Words to look for in names, descriptions and tags. Without them everything is listed. */
  query?: string
  kind?: AssetKind
  /** 1 to 100. Default 20. */
  limit?: number
  /** `nextCursor` of the page before. */
  cursor?: string
}

/**
 * One page of the catalogue. It comes from the node's index, a cache for people: what a purchase depends on is read from
 * the chain when it is made.
 *
 * @throws AgoraiError `node_unavailable`, `invalid_request`
 */
export function searchAssets(client: AgoraiClient, parameters: SearchAssetsParameters = {}): Promise<AssetList> {
  return client.http.json(assetListSchema, { path: 'api/v1/assets', query: parameters })
}
