import { type ServedServiceInfo, servedServiceSchema } from '@agorai/core'
import type { z } from 'zod'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { postSigned } from '../publishing/postSigned.js'

export type ServeAssetParameters = {
  /** The service, of which the client's account is the owner. */
  asset: bigint
  /** The offer of the model whose running pass the account holds. Absent when it owns the model, too. */
  offer?: bigint | undefined
}

/**
 * Has the node serve a service from now on: whoever pays can call it.
 *
 * @throws AgoraiError `not_owner`, `entitlement_missing`, `content_missing`, `model_unsupported`, `upstream_unavailable`,
 * `not_confirmed` while its publication is not, `wallet_declined`, `node_unavailable`
 */
export function serveAsset(client: AgoraiClient, { asset, offer }: ServeAssetParameters): Promise<ServedServiceInfo> {
  return postSigned(client, servedServiceSchema as z.ZodType<ServedServiceInfo>, {
    resource: 'services',
    document: { asset: String(asset), ...(offer === undefined ? {} : { offer: String(offer) }) },
  })
}
