import { AgoraiError, assetRegistryAbi, type SigningDomain } from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { Chain } from '../ports/chain.js'
import { askChain } from './askChain.js'

type Registry = { chain: Chain; domain: SigningDomain }

/**
 * Who owns an asset, by the confirmed chain.
 *
 * @throws AgoraiError `not_found`, `not_confirmed`, `chain_unavailable`
 */
export const ownerOf = (registry: Registry, asset: bigint): Promise<Address> =>
  readConfirmed(registry, (at) =>
    registry.chain.publicClient.readContract({ ...at, functionName: 'ownerOf', args: [asset] }),
  )

/**
 * What the registry holds of a version, by the confirmed chain.
 *
 * @throws AgoraiError `not_found`, `not_confirmed`, `chain_unavailable`
 */
export const commitmentOf = (registry: Registry, version: bigint): Promise<Hex> =>
  readConfirmed(registry, async (at) => {
    const args = [version] as const
    const client = registry.chain.publicClient
    // Versions that are not there yet have no rates, but a commitment of zeros.
    const [commitment] = await Promise.all([
      client.readContract({ ...at, functionName: 'commitmentOf', args }),
      client.readContract({ ...at, functionName: 'ratesOf', args }),
    ])
    return commitment
  })

async function readConfirmed<value>(
  { chain, domain }: Registry,
  read: (at: { address: Address; abi: typeof assetRegistryAbi; blockNumber: bigint }) => Promise<value>,
): Promise<value> {
  const readAt = (blockNumber: bigint) =>
    askChain(() => read({ address: domain.assetRegistry, abi: assetRegistryAbi, blockNumber }))
  const confirmedBlock = await chain.confirmedBlockNumber()
  try {
    if (confirmedBlock >= 0n) return await readAt(confirmedBlock)
  } catch (error) {
    // The registry says no to what it does not know, and is not there itself before it was deployed.
    if (error instanceof AgoraiError) throw error
  }
  const latestBlock = await askChain(() => chain.publicClient.getBlockNumber({ cacheTime: 0 }))
  try {
    await readAt(latestBlock)
  } catch (cause) {
    if (cause instanceof AgoraiError) throw cause
    throw new AgoraiError('not_found', 'Nothing of this id is published on this chain.', { cause })
  }
  throw new AgoraiError('not_confirmed', `Confirmed up to block ${confirmedBlock}, the head is ${latestBlock}.`, {
    details: { confirmedBlock: Number(confirmedBlock), latestBlock: Number(latestBlock) },
  })
}
