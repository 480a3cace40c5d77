import type { Address, Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { inBatches } from '../revenue/inBatches.js'
import { ledgerOf } from '../transactions/contracts.js'
import { sendAndDecode } from '../transactions/sendAndDecode.js'

export type SweepTillParameters = {
  token: Address
  /** Whose tills are swept; empty ones are skipped. */
  assets: readonly bigint[]
}
export type SweepTillReturnType = {
  token: Address
  /** What was received, by version. */
  swept: { version: bigint; amount: bigint }[]
  /** Base units in all. */
  amount: bigint
  hashes: Hash[]
}

const tillsPerTransaction = 30

/**
 * Brings what was sent to tills into the ledger, where it is split like any other sale. Anyone may.
 *
 * @throws AgoraiError `not_found`, `transaction_reverted` for a token that is not allowed, `chain_unavailable`
 */
export async function sweepTill(client: ChainClient, parameters: SweepTillParameters): Promise<SweepTillReturnType> {
  const { token, assets } = parameters
  const sent = await inBatches(assets, tillsPerTransaction, async (batch) => [
    await sendAndDecode(client, {
      ...ledgerOf(client),
      functionName: 'sweepMany',
      args: [token, [...batch]],
      eventName: 'RevenueReceived',
    }),
  ])
  const swept = sent.flatMap(({ events }) => events.map(({ args: { version, amount } }) => ({ version, amount })))
  return {
    token,
    swept,
    amount: swept.reduce((sum, { amount }) => sum + amount, 0n),
    hashes: sent.map(({ hash }) => hash),
  }
}
