import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type RefundPassParameters = { offer: bigint }
export type RefundPassReturnType = {
  offer: bigint
  holder: Address
  /** Base units that went back to the holder. */
  amount: bigint
  hash: Hash
}

/**
 * Gives the account's pass back, no questions: a perpetual one for its price while its window is open, a timed one for
 * the price of every day that has not begun. It opens nothing from then on. A gift is refunded to its holder.
 *
 * @throws AgoraiError `refund_closed`, `pass_missing`, `chain_unavailable`
 */
export async function refundPass(client: ChainClient, { offer }: RefundPassParameters): Promise<RefundPassReturnType> {
  const call = { ...marketOf(client), functionName: 'refund', args: [offer], eventName: 'PassRefunded' } as const
  const { events, hash } = await sendAndDecode(client, call)
  const { holder, amount } = onlyEvent(events).args
  return { offer, holder, amount, hash }
}
