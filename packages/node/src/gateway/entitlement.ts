import { AgoraiError, accessMarketAbi, assetRegistryAbi, type Deployment } from '@agorai/core'
import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  type Hex,
  isAddressEqual,
  toFunctionSelector,
} from 'viem'
import type { Chain } from '../ports/chain.js'
import { askChain } from './askChain.js'

export type EntitlementQuestion = {
  version: bigint
  holder: Address
  /** The offer whose pass the holder claims; undefined when it owns the asset. */
  offer: bigint | undefined
}

type Facts = { commitment: Hex; entitled: boolean; erased: boolean } | undefined

/**
 * Asks the chain whether the holder may open the version: by a running pass, or because it owns the asset. What the index
 * says does not count, nor what is not confirmed yet.
 *
 * @returns The registry's commitment to the version's manifest.
 * @throws AgoraiError `entitlement_missing`, `version_erased`, `not_confirmed`, `not_found`, `chain_unavailable`
 */
export async function assertEntitled(chain: Chain, addresses: Deployment, question: EntitlementQuestion): Promise<Hex> {
  const confirmedBlock = await chain.confirmedBlockNumber()
  const confirmed = confirmedBlock < 0n ? undefined : await readFacts(chain, addresses, question, confirmedBlock)
  if (confirmed?.erased) throw new AgoraiError('version_erased', `Version ${question.version} was erased by its owner.`)
  if (confirmed?.entitled) return confirmed.commitment
  const latestBlock = await askChain(() => chain.publicClient.getBlockNumber({ cacheTime: 0 }))
  const latest = await readFacts(chain, addresses, question, latestBlock)
  if (latest?.entitled)
    throw new AgoraiError('not_confirmed', `Confirmed up to block ${confirmedBlock}, the head is ${latestBlock}.`, {
      details: { confirmedBlock: Number(confirmedBlock), latestBlock: Number(latestBlock) },
    })
  if (latest === undefined) throw new AgoraiError('not_found', 'No such version is published on this chain.')
  throw new AgoraiError('entitlement_missing', 'The chain knows no running pass of this holder for this version.', {
    details: { version: question.version.toString() },
  })
}

/** Undefined when the version does not exist at that block. */
async function readFacts(
  chain: Chain,
  { assetRegistry, accessMarket }: Deployment,
  { version, holder, offer }: EntitlementQuestion,
  blockNumber: bigint,
): Promise<Facts> {
  const registry = { address: assetRegistry, abi: assetRegistryAbi, blockNumber } as const
  const market = { address: accessMarket, abi: accessMarketAbi, blockNumber } as const
  const client = chain.publicClient
  const holdsPass = async (offerId: bigint): Promise<boolean> => {
    const [isEntitled, { expiry }] = await Promise.all([
      client.readContract({ ...market, functionName: 'isEntitled', args: [offerId, holder, version] }),
      client.readContract({ ...market, functionName: 'passOf', args: [offerId, holder] }),
    ])
    // The chain's clock stands still while nothing is mined.
    return isEntitled && expiry > Date.now() / 1000
  }
  try {
    return await askChain(async () => {
      const [commitment, [owner], erased, passed] = await Promise.all([
        client.readContract({ ...registry, functionName: 'commitmentOf', args: [version] }),
        client.readContract({ ...registry, functionName: 'ratesOf', args: [version] }),
        client.readContract({ ...registry, functionName: 'isErased', args: [version] }),
        offer !== undefined && holdsPass(offer),
      ])
      return { commitment, erased, entitled: passed || isAddressEqual(owner, holder) }
    })
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    if (error.walk(isRefusal) !== null) return undefined
    throw new AgoraiError('chain_unavailable', 'The chain cannot say who is entitled; nothing was granted.', {
      cause: error,
    })
  }
}

const versionUnknown = toFunctionSelector('AssetRegistry_VersionUnknown(uint256)')

/** The registry that says no, or is not there yet at that block. A chain that fails inside also speaks of reverts. */
const isRefusal = (error: unknown): boolean =>
  error instanceof ContractFunctionZeroDataError ||
  // Raw, because the market passes the registry's words on.
  (error instanceof ContractFunctionRevertedError && error.raw?.startsWith(versionUnknown) === true)
