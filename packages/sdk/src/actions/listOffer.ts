import { AgoraiError, accessMarketAbi, offerIdOf, type Usage, usages } from '@agorai/core'
import { type Address, type Hash, zeroAddress } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readContract } from '../transactions/readContract.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type ListOfferParameters = {
  /** An asset that the client's account owns. */
  asset: bigint
  /** An unused number of this asset's offers, 0 to 65,535. Default: the first unused one. */
  index?: number | undefined
  /** A payment token that the ledger allows. */
  token: Address
  /** Base units of the token for one perpetual pass; 0 is a free offer. At most 12 significant digits. */
  price: bigint
  usage: Usage
}
export type ListOfferReturnType = { offer: bigint; hash: Hash }

/**
 * Lists a perpetual offer of an asset.
 *
 * @throws AgoraiError `not_owner`, `transaction_reverted` (an index already used, a token not allowed, a price with too
 * many digits), `chain_unavailable`
 */
export async function listOffer(client: AgoraiClient, parameters: ListOfferParameters): Promise<ListOfferReturnType> {
  const { asset, token, price, usage } = parameters
  if (price < 0n) throw new AgoraiError('invalid_request', 'A price is not negative.', { field: 'price' })
  const index = parameters.index ?? (await firstUnusedIndex(client, asset))
  const { events, hash } = await sendAndDecode(client, {
    address: client.info.chain.addresses.accessMarket,
    abi: accessMarketAbi,
    functionName: 'listOffer',
    args: [asset, index, token, price, usages.indexOf(usage)],
    eventName: 'OfferListed',
  })
  return { offer: onlyEvent(events).args.offerId, hash }
}

const offersMax = 256

async function firstUnusedIndex(client: AgoraiClient, asset: bigint): Promise<number> {
  for (let index = 0; index < offersMax; index++) {
    const { token, price, open } = await readContract(client, {
      address: client.info.chain.addresses.accessMarket,
      abi: accessMarketAbi,
      functionName: 'offerOf',
      args: [offerIdOf(asset, index)],
    })
    if (!open && price === 0n && isAddressEqual(token, zeroAddress)) return index
  }
  throw new AgoraiError('invalid_request', `The first ${offersMax} offers of this asset are used: name an index.`, {
    field: 'index',
  })
}
