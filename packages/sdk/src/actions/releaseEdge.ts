import type { Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type ReleaseEdgeParameters = {
  /** The asset that is let off. */
  asset: bigint
  /** An asset of the client's account, which `asset` owes royalties. */
  ancestor: bigint
}
export type ReleaseEdgeReturnType = { asset: bigint; ancestor: bigint; hash: Hash }

/**
 * Lets later versions of an asset drop the royalty that they owe one of the account's assets. Versions that are published
 * already go on owing it.
 *
 * @throws AgoraiError `not_owner`, `not_found`, `chain_unavailable`
 */
export async function releaseEdge(
  client: ChainClient,
  { asset, ancestor }: ReleaseEdgeParameters,
): Promise<ReleaseEdgeReturnType> {
  const call = { ...registryOf(client), functionName: 'releaseEdge', args: [asset, ancestor] } as const
  const { hash } = await sendAndDecode(client, { ...call, eventName: 'EdgeReleased' })
  return { asset, ancestor, hash }
}
