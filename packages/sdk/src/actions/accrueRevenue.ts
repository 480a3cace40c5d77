import { AgoraiError, dayOf } from '@agorai/core'
import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { chainTime } from '../transactions/chainTime.js'
import { marketOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type AccrueRevenueParameters = {
  asset: bigint
  token: Address
}
export type AccrueRevenueReturnType = {
  asset: bigint
  token: Address
  /** Base units that entered the ledger. */
  amount: bigint
  hashes: Hash[]
}

/** Far below a block's gas. */
const daysPerTransaction = 365n
const transactionsMax = 100

/**
 * Brings what timed passes of an asset earned on the days that have ended into the ledger. Anyone may. Nothing earned is
 * no error.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function accrueRevenue(
  client: ChainClient,
  { asset, token }: AccrueRevenueParameters,
): Promise<AccrueRevenueReturnType> {
  const hashes: Hash[] = []
  let amount = 0n
  for (let made = 0; made < transactionsMax; made++) {
    const stream = await readContract(client, { ...marketOf(client), functionName: 'streamOf', args: [asset, token] })
    const today = dayOf(await chainTime(client))
    // A stream that never ran has no first day.
    if (stream.day === 0 || (BigInt(stream.day) >= today && stream.earned === 0n))
      return { asset, token, amount, hashes }
    const { events, hash } = await sendAndDecode(client, {
      ...marketOf(client),
      functionName: 'accrue',
      args: [asset, token, daysPerTransaction],
      eventName: 'RevenueAccrued',
    })
    hashes.push(hash)
    amount += events.reduce((sum, { args }) => sum + args.amount, 0n)
  }
  throw new AgoraiError('busy', `More than ${transactionsMax} transactions are needed: accrue again.`)
}
