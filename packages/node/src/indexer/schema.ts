import type { Address } from 'viem'
import { keccak256, stringToHex } from 'viem/utils'
import type { Database } from '../ports/database.js'
import type { Addresses } from './events.js'
import { type EventTable, eventTableNames, shapeOf } from './eventTables.js'
import { stateViews } from './state.js'

/** Raised when the same tables are filled in another way. */
const revision = 1

const placeColumns = { block_number: 'bigint', log_index: 'integer', transaction_hash: 'text' }

/** Names and types of a table's columns, in order. */
export function columnsOf(table: EventTable): Readonly<Record<string, string>> {
  const own = Object.entries(shapeOf(table).columns).map(([name, { type }]) => [name, type])
  return { ...placeColumns, ...Object.fromEntries(own) }
}

/**
 * What the chain said: one table an event, keyed by its place in the chain. Nothing is ever changed in it, only added at
 * the end and taken away from the end. Addresses and hashes are lower-case hex.
 */
function eventTable(table: EventTable): string[] {
  const columns = Object.entries(columnsOf(table)).map(([name, type]) => `${name} ${type} NOT NULL`)
  const create = `CREATE TABLE ${table} (
    ${columns.join(', ')},
    PRIMARY KEY (block_number, log_index)
  )`
  const indexes = (shapeOf(table).indexes ?? []).map((index) => {
    const unique = index.startsWith('UNIQUE ')
    return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ON ${table} ${unique ? index.slice('UNIQUE '.length) : index}`
  })
  return [create, ...indexes]
}

const chainTables = [
  // `logs` counts the events of a block; a block without any is kept only while a reorg may still reach it.
  `CREATE TABLE blocks (
    number bigint PRIMARY KEY,
    hash text NOT NULL,
    parent_hash text NOT NULL,
    timestamp bigint NOT NULL,
    logs integer NOT NULL
  )`,

  // Which deployment this is the index of, how far it is, and the height below which it is never rewritten.
  `CREATE TABLE progress (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    chain_id bigint NOT NULL,
    asset_registry text NOT NULL,
    revenue_ledger text NOT NULL,
    access_market text NOT NULL,
    treasury text NOT NULL,
    start_block bigint NOT NULL,
    number bigint,
    hash text,
    finalised bigint NOT NULL
  )`,
]

/** What is read from elsewhere and never changes: manifests by their digest, and how payment tokens are written. */
const documentTables = [
  // `contributor_root` is computed from the document; where the chain has another one its leaves prove nothing.
  `CREATE TABLE manifests (
    digest text PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    licence text NOT NULL,
    contributor_root text,
    document jsonb NOT NULL,
    search tsvector NOT NULL
  )`,
  'CREATE INDEX ON manifests USING gin (search)',

  // Leaves of the contributor tree. `member` is the account as a number: in a collection, the id of a version.
  `CREATE TABLE manifest_contributors (
    digest text NOT NULL REFERENCES manifests (digest),
    position integer NOT NULL,
    account text NOT NULL,
    member numeric(78,0) NOT NULL,
    weight numeric(78,0) NOT NULL,
    weight_start numeric(78,0) NOT NULL,
    label text NOT NULL,
    PRIMARY KEY (digest, position)
  )`,
  'CREATE INDEX ON manifest_contributors (account)',
  'CREATE INDEX ON manifest_contributors (member)',

  'CREATE TABLE tokens (address text PRIMARY KEY, symbol text NOT NULL, decimals integer NOT NULL)',
]

export const schemaStatements: readonly string[] = [
  ...chainTables,
  ...eventTableNames.flatMap(eventTable),
  ...documentTables,
  ...stateViews,
]

/** Any number will do that nobody else locks: it keeps two nodes from making one schema at the same time. */
const lockKey = 4670

/** Makes the tables where there are none yet, all or nothing. */
export async function createSchema(database: Database, statements = schemaStatements): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1::int)', [lockKey])
    const [found] = await transaction.query<{ count: bigint }>(
      'SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()',
    )
    if (found?.count !== 0n) return
    for (const statement of statements) await transaction.query(statement)
  })
}

export type IndexNameParameters = {
  chainId: number
  addresses: Addresses
  startBlock: bigint
  /** Whose local chain it is; none where the chain is one for everybody. */
  operator?: Address
}

/**
 * The name under which an index is kept: another for another deployment, another local chain or other tables. So an index
 * is never migrated and never half-read: a node that needs another one makes it from the chain, and nodes of two releases
 * can share a database meanwhile.
 */
export function indexName({ chainId, addresses, startBlock, operator }: IndexNameParameters): string {
  const { assetRegistry, revenueLedger, accessMarket } = addresses
  const deployment = [assetRegistry, revenueLedger, accessMarket, operator ?? ''].map((each) => each.toLowerCase())
  const identity = JSON.stringify([revision, schemaStatements, chainId, `${startBlock}`, ...deployment])
  return `agorai_${chainId}_${keccak256(stringToHex(identity)).slice(2, 18)}`
}
