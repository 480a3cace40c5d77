import type { Hash, Hex } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type CloseBundleParameters = { bundle: Hex }
export type CloseBundleReturnType = { bundle: Hex; hash: Hash }

/**
 * Stops sales of a bundle. Its offers stay open one by one.
 *
 * @throws AgoraiError `not_found`, `not_owner`, `chain_unavailable`
 */
export async function closeBundle(
  client: ChainClient,
  { bundle }: CloseBundleParameters,
): Promise<CloseBundleReturnType> {
  const call = { ...marketOf(client), functionName: 'closeBundle', args: [bundle], eventName: 'BundleClosed' } as const
  const { hash } = await sendAndDecode(client, call)
  return { bundle, hash }
}
