import type { ChainClient } from '../createChainClient.js'
import { readOffer, readPrice, type StoredOffer } from '../market/readOffer.js'

export type GetOfferParameters = {
  offer: bigint
  /** Days of a timed pass that `priceNow` is for. Default 1. */
  days?: number | undefined
}

export type GetOfferReturnType = StoredOffer & {
  /** What a purchase costs now, in base units; null when the offer is not open. */
  priceNow: bigint | null
}

/**
 * An offer and its price now, from the chain.
 *
 * @throws AgoraiError `quantity_invalid` for days of a perpetual offer, `chain_unavailable`
 */
export async function getOffer(client: ChainClient, parameters: GetOfferParameters): Promise<GetOfferReturnType> {
  const { offer, days = 1 } = parameters
  const stored = await readOffer(client, offer)
  return { ...stored, priceNow: stored.open ? await readPrice(client, { offer, days }) : null }
}
