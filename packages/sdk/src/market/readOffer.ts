import { assetOfOffer } from '@agorai/core'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { fromOfferTerms, type ListedOffer } from './offerTerms.js'

export type StoredOffer = ListedOffer & {
  offer: bigint
  asset: bigint
  open: boolean
  /** When an exclusive offer was listed, unix seconds, from which its price falls; null for the others. */
  listedAt: number | null
}

/** An offer as the market stores it. */
export async function readOffer(client: ChainClient, offer: bigint): Promise<StoredOffer> {
  const [terms, open, listedAt] = await readContract(client, {
    ...marketOf(client),
    functionName: 'offerOf',
    args: [offer],
  })
  return {
    offer,
    asset: assetOfOffer(offer),
    ...fromOfferTerms(terms),
    open,
    listedAt: listedAt === 0n ? null : Number(listedAt),
  }
}

/** What a purchase of so many days costs now, in base units; of a perpetual pass, of one. */
export const readPrice = (client: ChainClient, { offer, days }: { offer: bigint; days: number }): Promise<bigint> =>
  readContract(client, { ...marketOf(client), functionName: 'priceOf', args: [offer, BigInt(days)] })
