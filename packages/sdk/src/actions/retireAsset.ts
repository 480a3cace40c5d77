import type { Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type RetireAssetParameters = { asset: bigint }
export type RetireAssetReturnType = { asset: bigint; hash: Hash }

/**
 * Ends all sales and derivatives of an asset, for ever. Passes run on, and revenue is collected as before.
 *
 * @throws AgoraiError `not_owner`, `not_found`, `chain_unavailable`
 */
export async function retireAsset(
  client: ChainClient,
  { asset }: RetireAssetParameters,
): Promise<RetireAssetReturnType> {
  const call = { ...registryOf(client), functionName: 'retire', args: [asset], eventName: 'AssetRetired' } as const
  const { hash } = await sendAndDecode(client, call)
  return { asset, hash }
}
