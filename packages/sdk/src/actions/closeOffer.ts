import type { Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type CloseOfferParameters = { offer: bigint }
export type CloseOfferReturnType = { offer: bigint; hash: Hash }

/**
 * Stops new purchases and renewals of an offer. Passes already granted run on; the offer is never opened again.
 *
 * @throws AgoraiError `not_owner`, `offer_closed`, `chain_unavailable`
 */
export async function closeOffer(client: ChainClient, { offer }: CloseOfferParameters): Promise<CloseOfferReturnType> {
  const call = { ...marketOf(client), functionName: 'closeOffer', args: [offer], eventName: 'OfferClosed' } as const
  const { hash } = await sendAndDecode(client, call)
  return { offer, hash }
}
