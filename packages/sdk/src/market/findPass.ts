import { AgoraiError, accessMarketAbi, assetOfOffer } from '@agorai/core'
import type { Address, Hash } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readContract } from '../transactions/readContract.js'
import { toAgoraiError } from '../transactions/toAgoraiError.js'

/** A pass as the chain's log tells it. */
export type FoundPass = {
  offer: bigint
  asset: bigint
  version: bigint
  holder: Address
  token: Address
  amount: bigint
  hash: Hash
}

/** Most blocks that may share one second. Endpoints limit the range of one question to about this. */
const blocksPerSecondMax = 1_000n

/**
 * The pass that a holder has of an offer, from the chain alone: the market stores when it was granted, and the blocks are
 * searched for that second. Undefined when there is none.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function findPass(
  client: AgoraiClient,
  { offer, holder }: { offer: bigint; holder: Address },
): Promise<FoundPass | undefined> {
  const address = client.info.chain.addresses.accessMarket
  const { grantedAt, purchases } = await readContract(client, {
    address,
    abi: accessMarketAbi,
    functionName: 'passOf',
    args: [offer, holder],
  })
  if (purchases === 0) return undefined
  try {
    const head = await client.publicClient.getBlockNumber()
    const fromBlock = await firstBlockAt(client, BigInt(grantedAt), head)
    const [log] = await client.publicClient.getContractEvents({
      address,
      abi: accessMarketAbi,
      eventName: 'PassGranted',
      args: { offerId: offer, holder },
      fromBlock,
      toBlock: head < fromBlock + blocksPerSecondMax ? head : fromBlock + blocksPerSecondMax,
      strict: true,
    })
    if (log === undefined)
      throw new AgoraiError('chain_unavailable', 'The chain says that the pass exists and does not have its log.')
    const { version, token, amount } = log.args
    return { offer, asset: assetOfOffer(offer), version, holder, token, amount, hash: log.transactionHash }
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}

/** The first block with this or a later timestamp, by halving: timestamps never fall from block to block. */
async function firstBlockAt(client: AgoraiClient, timestamp: bigint, head: bigint): Promise<bigint> {
  let low = 0n
  let high = head
  while (low < high) {
    const middle = (low + high) / 2n
    const block = await client.publicClient.getBlock({ blockNumber: middle })
    if (block.timestamp < timestamp) low = middle + 1n
    else high = middle
  }
  return low
}
