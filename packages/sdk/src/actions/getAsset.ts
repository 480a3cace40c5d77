import { type AssetDetail, assetDetailSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetAssetParameters = { asset: bigint }

/**
 * An asset with its manifest, its newest versions and its first offers, from the node's index. `getVersions` and
 * `getOffers` have what comes after those.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`
 */
export function getAsset(client: AgoraiClient, { asset }: GetAssetParameters): Promise<AssetDetail> {
  return client.http.json(assetDetailSchema, { path: `api/v1/assets/${asset}` })
}
