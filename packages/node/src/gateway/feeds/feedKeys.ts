import {
  AgoraiError,
  accessMarketAbi,
  assetOfOffer,
  assetRegistryAbi,
  type Deployment,
  perpetualExpiry,
  utcDayOf,
} from '@agorai/core'
import { type Address, concat, type Hex, isAddressEqual, keccak256, stringToHex } from 'viem'
import type { Chain } from '../../ports/chain.js'
import { askChain } from '../askChain.js'

/** The name under which a feed's master key is kept: not the version's own, so that no delivery ever finds it. */
export const feedKeyName = (commitment: Hex): Hex => keccak256(concat([stringToHex('agorai/feed/v1'), commitment]))

export type FeedRight = {
  /** Last UTC day whose segments may be opened; null is every one. */
  lastDay: number | null
}

/**
 * How far the holder may open a feed: its owner and its publisher to the end, the holder of a pass all that was published
 * until the pass ends, also after it did.
 *
 * @param question.publisher Who published the version.
 * @throws AgoraiError `entitlement_missing`, `version_erased`, `not_confirmed`, `chain_unavailable`
 */
export async function readFeedRight(
  chain: Chain,
  addresses: Deployment,
  question: { version: bigint; holder: Address; publisher: Address; offer: bigint | undefined },
): Promise<FeedRight> {
  const confirmedBlock = await chain.confirmedBlockNumber()
  const confirmed = await rightAt(chain, addresses, question, confirmedBlock)
  if (confirmed !== undefined) return confirmed
  const latestBlock = await askChain(() => chain.publicClient.getBlockNumber({ cacheTime: 0 }))
  if ((await rightAt(chain, addresses, question, latestBlock)) !== undefined)
    throw new AgoraiError('not_confirmed', `Confirmed up to block ${confirmedBlock}, the head is ${latestBlock}.`, {
      details: { confirmedBlock: Number(confirmedBlock), latestBlock: Number(latestBlock) },
    })
  throw new AgoraiError('entitlement_missing', 'The chain knows no pass of this holder for this feed.', {
    details: { version: question.version.toString() },
  })
}

async function rightAt(
  { publicClient: client }: Chain,
  { assetRegistry, accessMarket }: Deployment,
  { version, holder, publisher, offer }: Parameters<typeof readFeedRight>[2],
  blockNumber: bigint,
): Promise<FeedRight | undefined> {
  const registry = { address: assetRegistry, abi: assetRegistryAbi, blockNumber, args: [version] } as const
  const [[owner], erased, asset, expiry] = await askChain(() =>
    Promise.all([
      client.readContract({ ...registry, functionName: 'ratesOf' }),
      client.readContract({ ...registry, functionName: 'isErased' }),
      client.readContract({ ...registry, functionName: 'assetOf' }),
      offer === undefined
        ? 0
        : client
            .readContract({
              ...{ address: accessMarket, abi: accessMarketAbi, blockNumber },
              functionName: 'passOf',
              args: [offer, holder],
            })
            .then((pass) => pass.expiry),
    ]),
  )
  if (erased) throw new AgoraiError('version_erased', `Version ${version} was erased by its owner.`)
  if (isAddressEqual(owner, holder) || isAddressEqual(publisher, holder)) return { lastDay: null }
  if (offer === undefined || expiry === 0 || assetOfOffer(offer) !== asset) return undefined
  return { lastDay: BigInt(expiry) >= perpetualExpiry ? null : utcDayOf(expiry - 1) }
}
