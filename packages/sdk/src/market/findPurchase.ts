import { AgoraiError, perpetualExpiry } from '@agorai/core'
import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { readLogs } from '../transactions/readLogs.js'
import { toAgoraiError } from '../transactions/toAgoraiError.js'
import { readPass } from './readPass.js'

/** A purchase as the chain's log tells it. */
export type Purchase = {
  /** The version that was bought; the pass opens every other version of the asset too. */
  version: bigint
  holder: Address
  payer: Address
  /** What was paid, in base units. */
  amount: bigint
  /** How many purchases of this offer its holder had made before. */
  nonce: number
  /** The pass holds before this second, as this purchase left it; null for a perpetual one. */
  expiry: number | null
  /** Until then a perpetual pass may be given back; null when it is final or timed. */
  refundUntil: number | null
  /** The transaction that granted the pass. */
  hash: Hash
}

type PassGranted = {
  args: Omit<Purchase, 'hash' | 'expiry' | 'refundUntil'> & { expiry: number; refundUntil: number }
  transactionHash: Hash
}

export const toPurchase = ({ args, transactionHash }: PassGranted): Purchase => {
  const { version, holder, payer, amount, nonce, expiry, refundUntil } = args
  return {
    version,
    holder,
    payer,
    amount,
    nonce,
    expiry: expiry === Number(perpetualExpiry) ? null : expiry,
    refundUntil: refundUntil === 0 ? null : refundUntil,
    hash: transactionHash,
  }
}

/** Most blocks that may share one second. Endpoints limit the range of one question to about this. */
const blocksPerSecondMax = 1_000n

/**
 * One of a holder's purchases of an offer, from the chain alone: the market stores when the latest was made, and the blocks
 * are searched for that second; an earlier one is looked for in all logs.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function findPurchase(
  client: ChainClient,
  { offer, holder, nonce }: { offer: bigint; holder: Address; nonce: number },
): Promise<Purchase> {
  const { grantedAt, purchases } = await readPass(client, { offer, holder })
  const find = async (range: { fromBlock?: bigint; toBlock?: bigint }) => {
    const question = { ...marketOf(client), eventName: 'PassGranted', args: { offerId: offer, holder } } as const
    return (await readLogs(client, { ...question, ...range })).find(({ args }) => args.nonce === nonce)
  }
  // A pass that was passed on to its holder since has another time than the holder's own purchase.
  const latest = nonce === purchases - 1 ? await find(await blocksAt(client, grantedAt)) : undefined
  const log = latest ?? (await find({}))
  if (log !== undefined) return toPurchase(log)
  throw new AgoraiError('chain_unavailable', 'The chain says that the pass was granted and does not have its log.')
}

/** The blocks of one second. */
async function blocksAt(client: ChainClient, timestamp: bigint): Promise<{ fromBlock: bigint; toBlock: bigint }> {
  try {
    const head = await client.publicClient.getBlockNumber()
    let low = 0n
    let high = head
    // By halving: timestamps never fall from block to block.
    while (low < high) {
      const middle = (low + high) / 2n
      const block = await client.publicClient.getBlock({ blockNumber: middle })
      if (block.timestamp < timestamp) low = middle + 1n
      else high = middle
    }
    return { fromBlock: low, toBlock: head < low + blocksPerSecondMax ? head : low + blocksPerSecondMax }
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}
