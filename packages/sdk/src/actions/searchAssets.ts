import { type AssetKind, type AssetList, type AssetSort, assetListSchema, type Usage } from '@agorai/core'
import type { Address } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type SearchAssetsParameters = {
  /** Words to look for in names, descriptions and tags, or the beginnings of words. Without them everything is listed. */
  query?: string
  kind?: AssetKind
  owner?: Address
  /** Who published the current version. */
  publisher?: Address
  tag?: string
  /** SPDX identifier. */
  licence?: string
  /** The token of an open offer. Prices are compared in one token, so it must be named with them. */
  token?: Address
  /** The usage of an open offer. */
  usage?: Usage
  /** Least and greatest price of an open offer, in base units of `token`. */
  priceMin?: bigint
  priceMax?: bigint
  /** An asset from which the current version was built, directly or not, or whose work it sells. */
  builtFrom?: bigint
  /** Whether the current version shows sample rows. */
  hasSample?: boolean
  /** Default `newest`. */
  sort?: AssetSort
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
  const query = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
  )
  return client.http.json(assetListSchema, { path: 'api/v1/assets', query })
}
