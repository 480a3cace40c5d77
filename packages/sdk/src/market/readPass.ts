import type { PassState } from '@agorai/core'
import type { Address } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'

/** A holder's pass of an offer as the market stores it; empty when there never was one. */
export async function readPass(
  client: ChainClient,
  { offer, holder }: { offer: bigint; holder: Address },
): Promise<PassState> {
  const args = [offer, holder] as const
  const pass = await readContract(client, { ...marketOf(client), functionName: 'passOf', args })
  const { purchases, grantedAt, expiry, refundUntil, amount } = pass
  return {
    purchases,
    grantedAt: BigInt(grantedAt),
    expiry: BigInt(expiry),
    refundUntil: BigInt(refundUntil),
    amount,
  }
}
