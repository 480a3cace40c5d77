import type { Address } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { ledgerOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { readLogs } from '../transactions/readLogs.js'

/**
 * Versions whose owners' revenue moves to one of these creditors by a lien, from the chain's logs. Whatever is due moves
 * when the debtor's owner is paid.
 */
export async function findDebtors(
  client: ChainClient,
  { token, creditors }: { token: Address; creditors: readonly bigint[] },
): Promise<bigint[]> {
  if (creditors.length === 0) return []
  const args = { token, creditor: [...creditors] }
  const logs = await readLogs(client, { ...ledgerOf(client), eventName: 'LienSet', args })
  return [...new Set(logs.map(({ args: { version } }) => version))]
}

/** What the owner of a version could collect now. */
export const readCollectable = (
  client: ChainClient,
  { token, version }: { token: Address; version: bigint },
): Promise<bigint> =>
  readContract(client, { ...ledgerOf(client), functionName: 'collectableOf', args: [version, token] })
