import type { Hash, Hex } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type RevokeConsentParameters = { version: bigint; nonce: Hex }
export type RevokeConsentReturnType = { version: bigint; nonce: Hex; hash: Hash }

/**
 * Makes a consent that the account signed worthless, unless it has been used already.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function revokeConsent(
  client: ChainClient,
  { version, nonce }: RevokeConsentParameters,
): Promise<RevokeConsentReturnType> {
  const call = { ...registryOf(client), functionName: 'revokeConsent', args: [version, nonce] } as const
  const { hash } = await sendAndDecode(client, { ...call, eventName: 'ConsentUsed' })
  return { version, nonce, hash }
}
