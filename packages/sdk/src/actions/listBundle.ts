import type { Hash, Hex } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type ListBundleParameters = {
  /** Offers of assets that the client's account owns. */
  offers: readonly bigint[]
  /** What each costs less than alone, of 10,000. */
  discountBps: number
}
export type ListBundleReturnType = { bundle: Hex; hash: Hash }

/**
 * Lists offers to be bought together, each at its own price less the discount: so every asset's share of the bundle, and
 * with it every royalty, is that of its price alone.
 *
 * @throws AgoraiError `not_owner`, `offer_closed`, `transaction_reverted`, `chain_unavailable`
 */
export async function listBundle(client: ChainClient, parameters: ListBundleParameters): Promise<ListBundleReturnType> {
  const { events, hash } = await sendAndDecode(client, {
    ...marketOf(client),
    functionName: 'listBundle',
    args: [[...parameters.offers], parameters.discountBps],
    eventName: 'BundleListed',
  })
  return { bundle: onlyEvent(events).args.bundleId, hash }
}
