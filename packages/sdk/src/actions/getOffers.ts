import { type OfferList, offerListSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'

export type GetOffersParameters = {
  asset: bigint
  /** 1 to 100. Default 20. */
  limit?: number
  /** `nextCursor` of the page before, or an asset's `offersCursor`. */
  cursor?: string | undefined
}

/**
 * One page of an asset's offers, from the node's index: those that are open as they were listed, then those that are
 * not. `everyPage` reads them all; one that is closed in the meantime comes twice.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`, `invalid_request`
 */
export function getOffers(client: AgoraiClient, { asset, limit, cursor }: GetOffersParameters): Promise<OfferList> {
  return client.http.json(offerListSchema, { path: `api/v1/assets/${asset}/offers`, query: { limit, cursor } })
}
