import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type TransferPassParameters = { offer: bigint; to: Address }
export type TransferPassReturnType = { offer: bigint; to: Address; hash: Hash }

/**
 * Passes the account's pass on, with what may be refunded of it, if its offer lets holders do so.
 *
 * @throws AgoraiError `pass_soulbound`, `pass_missing`, `pass_held` when the receiver has one already, `chain_unavailable`
 */
export async function transferPass(
  client: ChainClient,
  { offer, to }: TransferPassParameters,
): Promise<TransferPassReturnType> {
  const call = { ...marketOf(client), functionName: 'transferPass', args: [offer, to] } as const
  const { hash } = await sendAndDecode(client, { ...call, eventName: 'PassTransferred' })
  return { offer, to, hash }
}
