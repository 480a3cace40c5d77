import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { Address, Log } from 'viem'
import { parseEventLogs } from 'viem/utils'
import type { Database } from '../../packages/node/src/ports/database.js'
import type { Random } from './random.js'
import type { TestChain } from './testChain.js'

/** Which table of the index an event of a contract is in; written here again, so that nothing is compared with itself. */
const tables: Record<string, string> = {
  VersionPublished: 'version_published',
  EdgesDrawn: 'edges_drawn',
  Transfer: 'asset_transferred',
  AssetRetired: 'asset_retired',
  AssetSoldExclusively: 'asset_sold_exclusively',
  VersionErased: 'version_erased',
  EdgeReleased: 'edge_released',
  ConsentUsed: 'consent_used',
  NonceUsed: 'nonce_used',
  TillVersionSet: 'till_version_set',
  FeeSet: 'fee_set',
  RevenueReceived: 'revenue_received',
  RevenuePulled: 'revenue_pulled',
  SupplyPulled: 'supply_pulled',
  MemberCredited: 'member_credited',
  RevenueCollected: 'revenue_collected',
  ContributionCollected: 'contribution_collected',
  LienSet: 'lien_set',
  LienMoved: 'lien_moved',
  TillRescued: 'till_rescued',
  TokenAllowed: 'token_allowed',
  ArbiterSet: 'arbiter_set',
  OfferListed: 'offer_listed',
  OfferClosed: 'offer_closed',
  PassGranted: 'pass_granted',
  PassRefunded: 'pass_refunded',
  PassReleased: 'pass_released',
  PassTransferred: 'pass_transferred',
  RevenueAccrued: 'revenue_accrued',
  BundleListed: 'bundle_listed',
  BundleClosed: 'bundle_closed',
  Paused: 'paused',
  GuardianSet: 'guardian_set',
}

const parseRegistry = (logs: Log[]) => parseEventLogs({ abi: assetRegistryAbi, logs })
const parseLedger = (logs: Log[]) => parseEventLogs({ abi: revenueLedgerAbi, logs })
const parseMarket = (logs: Log[]) => parseEventLogs({ abi: accessMarketAbi, logs })
type ParsedEvent = ReturnType<typeof parseRegistry | typeof parseLedger | typeof parseMarket>[number]

/** An event of one of the three contracts with the time of its block, unix seconds. */
export type ChainEvent = ParsedEvent & { timestamp: bigint }

/** Every event that the chain has of the three contracts, in order. */
export async function readEvents({ client, deployment }: TestChain): Promise<ChainEvent[]> {
  const logsOf = (address: Address) => client.getLogs({ address, fromBlock: 0n, toBlock: 'latest' })
  const events: ParsedEvent[] = [
    ...parseRegistry(await logsOf(deployment.assetRegistry)),
    ...parseLedger(await logsOf(deployment.revenueLedger)),
    ...parseMarket(await logsOf(deployment.accessMarket)),
  ]
  const times = new Map<bigint, bigint>()
  for (const blockNumber of new Set(events.map((event) => event.blockNumber)))
    times.set(blockNumber, (await client.getBlock({ blockNumber })).timestamp)
  return events
    .sort((left, right) => Number(left.blockNumber - right.blockNumber) || left.logIndex - right.logIndex)
    .map((event) => ({ ...event, timestamp: times.get(event.blockNumber) ?? 0n }))
}

const blocksAtOnce = 60
const blocksMax = 1_500

/** Mines random blocks until each of the wanted events has occurred, or there are too many. */
export async function mineUntilSeen(
  chain: TestChain,
  random: Random,
  wanted: readonly ChainEvent['eventName'][],
): Promise<readonly ChainEvent[]> {
  for (let blocks = blocksAtOnce; ; blocks += blocksAtOnce) {
    await chain.mineRandom(random, blocksAtOnce, 6)
    const events = await readEvents(chain)
    const seen = new Set(events.map(({ eventName }) => eventName))
    if (blocks >= blocksMax || wanted.every((name) => seen.has(name))) return events
  }
}

/** The same as they are kept: table, place, transaction and block. */
export async function readChainEvents(chain: TestChain): Promise<string[]> {
  const rows = (await readEvents(chain)).flatMap((log) => {
    const table = tables[log.eventName]
    return table === undefined
      ? []
      : [[table, log.blockNumber, log.logIndex, log.transactionHash, log.blockHash].join(' ')]
  })
  return rows.sort()
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
