import { accessMarketAbi, assetOfOffer, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { Abi, Address, Hex, Log } from 'viem'
import { decodeEventLog, toEventSelector } from 'viem/utils'

export type Addresses = { assetRegistry: Address; revenueLedger: Address; accessMarket: Address }

/** How a value of a column travels in JSON: numbers beyond 2^53 as decimal text. */
type Value = string | number | boolean | readonly unknown[]

type Edge = { ancestor: bigint; bps: number }

/** An event of ours: where it comes from, which table keeps it, and its columns after place and transaction. */
type EventRow = {
  contract: keyof Addresses
  eventName: string
  columns: Readonly<Record<string, string>>
  values: (args: never) => Readonly<Record<string, Value>>
}

const id = 'numeric(78,0)'

/** One entry a table of the migrations; the column types are those that `jsonb_to_recordset` reads. */
export const eventTables = {
  version_published: {
    contract: 'assetRegistry',
    eventName: 'VersionPublished',
    columns: {
      version: id,
      asset: id,
      publisher: 'text',
      kind: 'integer',
      manifest_digest: 'text',
      contributor_root: 'text',
      contributor_bps: 'integer',
      royalty_bps: 'integer',
      edges_bps: 'integer',
      fee_bps: 'integer',
      parents: 'jsonb',
      edges: 'jsonb',
    },
    values: (args: {
      version: bigint
      asset: bigint
      publisher: Address
      kind: number
      manifestDigest: Hex
      contributors: { root: Hex }
      rates: { royaltyBps: number; edgesBps: number; feeBps: number; contributorBps: number }
      parents: readonly bigint[]
      edges: readonly Edge[]
    }) => ({
      version: `${args.version}`,
      asset: `${args.asset}`,
      publisher: args.publisher.toLowerCase(),
      kind: args.kind,
      manifest_digest: args.manifestDigest,
      contributor_root: args.contributors.root,
      contributor_bps: args.rates.contributorBps,
      royalty_bps: args.rates.royaltyBps,
      edges_bps: args.rates.edgesBps,
      fee_bps: args.rates.feeBps,
      parents: args.parents.map(String),
      edges: args.edges.map(({ ancestor, bps }) => ({ ancestor: `${ancestor}`, bps })),
    }),
  },
  asset_transferred: {
    contract: 'assetRegistry',
    eventName: 'Transfer',
    columns: { sender: 'text', recipient: 'text', asset: id },
    values: (args: { from: Address; to: Address; id: bigint }) => ({
      sender: args.from.toLowerCase(),
      recipient: args.to.toLowerCase(),
      asset: `${args.id}`,
    }),
  },
  offer_listed: {
    contract: 'accessMarket',
    eventName: 'OfferListed',
    columns: { offer: id, asset: id, token: 'text', price: id, usage: 'integer' },
    values: (args: { offerId: bigint; asset: bigint; token: Address; price: bigint; usage: number }) => ({
      offer: `${args.offerId}`,
      asset: `${args.asset}`,
      token: args.token.toLowerCase(),
      price: `${args.price}`,
      usage: args.usage,
    }),
  },
  offer_closed: {
    contract: 'accessMarket',
    eventName: 'OfferClosed',
    columns: { offer: id, asset: id },
    values: (args: { offerId: bigint; asset: bigint }) => ({ offer: `${args.offerId}`, asset: `${args.asset}` }),
  },
  pass_granted: {
    contract: 'accessMarket',
    eventName: 'PassGranted',
    columns: { offer: id, asset: id, version: id, holder: 'text', token: 'text', amount: id, nonce: 'bigint' },
    values: (args: {
      offerId: bigint
      version: bigint
      holder: Address
      token: Address
      amount: bigint
      nonce: number
    }) => ({
      offer: `${args.offerId}`,
      asset: `${assetOfOffer(args.offerId)}`,
      version: `${args.version}`,
      holder: args.holder.toLowerCase(),
      token: args.token.toLowerCase(),
      amount: `${args.amount}`,
      nonce: args.nonce,
    }),
  },
  revenue_received: {
    contract: 'revenueLedger',
    eventName: 'RevenueReceived',
    columns: { version: id, token: 'text', payer: 'text', amount: id },
    values: (args: { version: bigint; token: Address; payer: Address; amount: bigint }) => ({
      version: `${args.version}`,
      token: args.token.toLowerCase(),
      payer: args.payer.toLowerCase(),
      amount: `${args.amount}`,
    }),
  },
  revenue_pulled: {
    contract: 'revenueLedger',
    eventName: 'RevenuePulled',
    columns: { version: id, ancestor: id, token: 'text', edge_index: 'integer', amount: id },
    values: (args: { version: bigint; ancestor: bigint; token: Address; index: bigint; amount: bigint }) => ({
      version: `${args.version}`,
      ancestor: `${args.ancestor}`,
      token: args.token.toLowerCase(),
      edge_index: Number(args.index),
      amount: `${args.amount}`,
    }),
  },
  revenue_collected: {
    contract: 'revenueLedger',
    eventName: 'RevenueCollected',
    columns: { version: id, token: 'text', account: 'text', weight_start: id, weight_end: id, amount: id },
    values: (args: {
      version: bigint
      token: Address
      account: Address
      start: bigint
      end: bigint
      amount: bigint
    }) => ({
      version: `${args.version}`,
      token: args.token.toLowerCase(),
      account: args.account.toLowerCase(),
      weight_start: `${args.start}`,
      weight_end: `${args.end}`,
      amount: `${args.amount}`,
    }),
  },
  till_swept: {
    contract: 'revenueLedger',
    eventName: 'TillSwept',
    columns: { asset: id, version: id, token: 'text', amount: id },
    values: (args: { asset: bigint; version: bigint; token: Address; amount: bigint }) => ({
      asset: `${args.asset}`,
      version: `${args.version}`,
      token: args.token.toLowerCase(),
      amount: `${args.amount}`,
    }),
  },
  token_allowed: {
    contract: 'revenueLedger',
    eventName: 'TokenAllowed',
    columns: { token: 'text', allowed: 'boolean' },
    values: (args: { token: Address; allowed: boolean }) => ({
      token: args.token.toLowerCase(),
      allowed: args.allowed,
    }),
  },
} as const satisfies Record<string, EventRow>

export type EventTable = keyof typeof eventTables
export const eventTableNames = Object.keys(eventTables) as EventTable[]

/** One event, ready for its table. */
export type EventRecord = {
  table: EventTable
  row: { block_number: number; log_index: number; transaction_hash: Hex } & Readonly<Record<string, Value>>
}

const abis: Record<keyof Addresses, Abi> = {
  assetRegistry: assetRegistryAbi,
  revenueLedger: revenueLedgerAbi,
  accessMarket: accessMarketAbi,
}

/** Which table keeps a log, by contract and first topic. ERC-721 approvals and the like are kept by none. */
const tablesBySelector = new Map<string, EventTable>(
  eventTableNames.map((table) => {
    const { contract, eventName } = eventTables[table]
    const item = abis[contract].find((entry) => entry.type === 'event' && entry.name === eventName)
    if (item?.type !== 'event') throw new TypeError(`${eventName} is not in the ABI of ${contract}.`)
    return [`${contract} ${toEventSelector(item)}`, table]
  }),
)

/** Reads a log of one of the three contracts; undefined when it is of another contract or of no table. */
export function decodeEvent(addresses: Addresses, log: Log<bigint, number, false>): EventRecord | undefined {
  const contract = contractOf(addresses, log.address)
  const [selector] = log.topics
  const table = tablesBySelector.get(`${contract} ${selector}`)
  if (contract === undefined || table === undefined) return undefined
  const { args } = decodeEventLog({ abi: abis[contract], topics: log.topics, data: log.data, strict: true })
  return {
    table,
    row: {
      block_number: Number(log.blockNumber),
      log_index: log.logIndex,
      transaction_hash: log.transactionHash,
      ...eventTables[table].values(args as never),
    },
  }
}

/** Which of our contracts is at an address. An identical contract elsewhere is none of ours. */
export function contractOf(addresses: Addresses, address: Address): keyof Addresses | undefined {
  const wanted = address.toLowerCase()
  return (Object.keys(abis) as (keyof Addresses)[]).find((name) => addresses[name].toLowerCase() === wanted)
}
