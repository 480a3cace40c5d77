import type { Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type EraseVersionParameters = { version: bigint }
export type EraseVersionReturnType = { version: bigint; hash: Hash }

/**
 * States that a version's content is erased: it is no longer delivered, sold or built from, and a tombstone stays. What
 * it was sold for is still paid out.
 *
 * @throws AgoraiError `not_owner`, `not_found`, `chain_unavailable`
 */
export async function eraseVersion(
  client: ChainClient,
  { version }: EraseVersionParameters,
): Promise<EraseVersionReturnType> {
  const call = { ...registryOf(client), functionName: 'erase', args: [version], eventName: 'VersionErased' } as const
  const { hash } = await sendAndDecode(client, call)
  return { version, hash }
}
