import { type AssetDetail, assetDetailSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetAssetParameters = { asset: bigint }

/**
 * An asset with its manifest, its offers and all its versions, from the node's index.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`
 */
export function getAsset(client: AgoraiClient, { asset }: GetAssetParameters): Promise<AssetDetail> {
  return client.http.json(assetDetailSchema, { path: `api/v1/assets/${asset}` })
}
