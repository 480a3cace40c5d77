import { AgoraiError, offerIdOf } from '@agorai/core'
import { type Hash, zeroAddress } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { ChainClient } from '../createChainClient.js'
import { type StatedOffer, toOfferTerms } from '../market/offerTerms.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type ListOfferParameters = StatedOffer & {
  /** An asset that the client's account owns. */
  asset: bigint
  /** An unused number of this asset's offers, 0 to 65,535. Default: the first unused one. */
  index?: number | undefined
}
export type ListOfferReturnType = { offer: bigint; hash: Hash }

/**
 * Lists an offer of an asset: perpetual, timed or exclusive. An asset's first offers are better listed with it, by
 * `publishAsset`, in one transaction.
 *
 * @throws AgoraiError `not_owner`, `invalid_request` with the field, `transaction_reverted` (an index already used, a token
 * that is not allowed, a price with too many digits), `chain_unavailable`
 * @example await listOffer(client, { asset: 1n, token, price: 1_000_000n, usage: 'inference', timed: true })
 */
export async function listOffer(client: ChainClient, parameters: ListOfferParameters): Promise<ListOfferReturnType> {
  const { asset } = parameters
  const terms = toOfferTerms(parameters)
  const index = parameters.index ?? (await firstUnusedIndex(client, asset))
  const { events, hash } = await sendAndDecode(client, {
    ...marketOf(client),
    functionName: 'listOffer',
    args: [asset, index, terms],
    eventName: 'OfferListed',
  })
  return { offer: onlyEvent(events).args.offerId, hash }
}

const offersMax = 256
const readsAtOnce = 16

async function firstUnusedIndex(client: ChainClient, asset: bigint): Promise<number> {
  for (let from = 0; from < offersMax; from += readsAtOnce) {
    const indexes = Array.from({ length: readsAtOnce }, (_, place) => from + place)
    const offers = await Promise.all(
      indexes.map((index) =>
        readContract(client, { ...marketOf(client), functionName: 'offerOf', args: [offerIdOf(asset, index)] }),
      ),
    )
    const unused = offers.findIndex(
      ([{ token, price }, open]) => !open && price === 0n && isAddressEqual(token, zeroAddress),
    )
    if (unused !== -1) return from + unused
  }
  throw new AgoraiError('invalid_request', `The first ${offersMax} offers of this asset are used: name an index.`, {
    field: 'index',
  })
}
