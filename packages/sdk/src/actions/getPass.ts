import { assetOfOffer, perpetualExpiry } from '@agorai/core'
import type { Address } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { chainTime } from '../transactions/chainTime.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'

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

const secondsPerDay = 86_400

/**
 * A holder's pass of an offer, from the chain.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function getPass(client: ChainClient, parameters: GetPassParameters): Promise<GetPassReturnType> {
  const { offer, holder = walletOf(client).account.address } = parameters
  const [pass, now] = await Promise.all([
    readContract(client, { ...marketOf(client), functionName: 'passOf', args: [offer, holder] }),
    chainTime(client).then(Number),
  ])
  const { purchases, expiry, refundUntil, amount } = pass
  const perpetual = expiry === Number(perpetualExpiry)
  const daysLeft = perpetual ? 0 : Math.max(0, Math.floor((expiry - now) / secondsPerDay))
  return {
    offer,
    asset: assetOfOffer(offer),
    holder,
    running: expiry > now,
    purchases,
    expiry: perpetual || expiry === 0 ? null : expiry,
    refundUntil: refundUntil === 0 ? null : refundUntil,
    refundable: perpetual ? (refundUntil > now ? amount : 0n) : BigInt(daysLeft) * amount,
  }
}
