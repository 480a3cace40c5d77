import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import { parseEventLogs } from 'viem/utils'
import type { Database } from '../../packages/node/src/ports/database.js'
import type { TestChain } from './testChain.js'

/** Which table of the index an event of a contract is in; written here again, so that nothing is compared with itself. */
const tables: Record<string, string> = {
  VersionPublished: 'version_published',
  Transfer: 'asset_transferred',
  OfferListed: 'offer_listed',
  OfferClosed: 'offer_closed',
  PassGranted: 'pass_granted',
  RevenueReceived: 'revenue_received',
  RevenuePulled: 'revenue_pulled',
  RevenueCollected: 'revenue_collected',
  TillSwept: 'till_swept',
  TokenAllowed: 'token_allowed',
}

/** Every event that the chain has of the three contracts: table, place, transaction and block. */
export async function readChainEvents({ client, deployment }: TestChain): Promise<string[]> {
  const contracts = [
    [deployment.assetRegistry, assetRegistryAbi],
    [deployment.revenueLedger, revenueLedgerAbi],
    [deployment.accessMarket, accessMarketAbi],
  ] as const
  const events: string[] = []
  for (const [address, abi] of contracts) {
    const logs = await client.getLogs({ address, fromBlock: 0n, toBlock: 'latest' })
    for (const log of parseEventLogs({ abi, logs })) {
      const table = tables[log.eventName]
      if (table !== undefined)
        events.push([table, log.blockNumber, log.logIndex, log.transactionHash, log.blockHash].join(' '))
    }
  }
  return events.sort()
}

/** The same of the index. */
export async function readIndexedEvents(database: Database): Promise<string[]> {
  const events: string[] = []
  for (const table of Object.values(tables)) {
    const rows = await database.query<{ event: string }>(
      `SELECT concat_ws(' ', '${table}', e.block_number, e.log_index, e.transaction_hash, b.hash) AS event
       FROM ${table} e JOIN blocks b ON b.number = e.block_number`,
    )
    events.push(...rows.map(({ event }) => event))
  }
  return events.sort()
}
