import { assetOfOffer, isRunning, perpetualExpiry, refundableOf } from '@agorai/core'
import type { Address } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { readPass } from '../market/readPass.js'
import { chainTime } from '../transactions/chainTime.js'

export type GetPassParameters = {
  offer: bigint
  /** Default: the client's account. */
  holder?: Address | undefined
}

export type GetPassReturnType = {
  offer: bigint
  asset: bigint
  holder: Address
  /** Whether the pass opens the asset now. */
  running: boolean
  /** Purchases made so far: the nonce of the next one. */
  purchases: number
  /** The second from which on the pass opens nothing; null for a perpetual pass, and when there is none. */
  expiry: number | null
  /** Until then a perpetual pass may be given back; null when it is final or timed. */
  refundUntil: number | null
  /** What `refundPass` would return now, in base units. */
  refundable: bigint
}

/**
 * A holder's pass of an offer, from the chain.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function getPass(client: ChainClient, parameters: GetPassParameters): Promise<GetPassReturnType> {
  const { offer, holder = walletOf(client).account.address } = parameters
  const [pass, now] = await Promise.all([readPass(client, { offer, holder }), chainTime(client)])
  const { purchases, expiry, refundUntil } = pass
  return {
    offer,
    asset: assetOfOffer(offer),
    holder,
    running: isRunning(pass, now),
    purchases,
    expiry: expiry === perpetualExpiry || expiry === 0n ? null : Number(expiry),
    refundUntil: refundUntil === 0n ? null : Number(refundUntil),
    refundable: refundableOf(pass, now),
  }
}
