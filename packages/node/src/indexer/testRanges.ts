import type { Hash } from 'viem'
import { keccak256, numberToHex, stringToHex } from 'viem/utils'
import type { Database } from '../ports/database.js'
import type { EventRows } from './events.js'
import type { EventTable } from './eventTables.js'
import type { BlockRange, Header } from './readBlocks.js'
import { bytesOf, type Rows } from './rows.js'
import { columnsOf } from './schema.js'

/** Accounts, tokens and the like of tests, told apart by their last byte. */
export const testAddress = (index: number) => numberToHex(0xa9000000 + index, { size: 20 })

/** A digest of a word. */
export const testHash = (word: string): Hash => keccak256(stringToHex(word))

/** One event of a test: its table and the columns that it does not leave at their usual values. */
export type TestEvent = { table: EventTable; values: Record<string, string | number | boolean | readonly unknown[]> }

const usual: Partial<Record<EventTable, TestEvent['values']>> = {
  version_published: {
    publisher: testAddress(1),
    kind: 1,
    manifest_digest: testHash('manifest'),
    contributor_root: numberToHex(0, { size: 32 }),
    contributor_bps: 0,
    royalty_bps: 0,
    serve_bps: 0,
    flags: 0b1101,
    fee_bps: 100,
  },
  edges_drawn: { parents: [], suppliers: [], royalties: [], supplies: [] },
  revenue_received: { payer: testAddress(9) },
  offer_listed: { usage: 1, flags: 0, refund_hours: 0, gate: numberToHex(0, { size: 32 }), brackets: [] },
  pass_granted: { payer: testAddress(9), nonce: 0, expiry: 2 ** 40 - 1, refund_until: 0 },
}

/** A header of the test chain named `fork`, from the height at which it leaves the chain `main`. */
export function testHeader(number: bigint, fork = 'main', forkedAt = 0n): Header {
  const hashAt = (height: bigint) => testHash(`${height >= forkedAt ? fork : 'main'} ${height}`)
  return {
    number,
    hash: hashAt(number),
    parentHash: hashAt(number - 1n),
    timestamp: 1_700_000_000n + number,
    logsBloom: '0x00',
  }
}

/** One block with events, in order. */
export function testBlock(number: bigint, events: readonly TestEvent[], fork = 'main', forkedAt = 0n): BlockRange {
  const rows: EventRows = new Map()
  for (const [index, { table, values }] of events.entries()) {
    const row: TestEvent['values'] = {
      block_number: `${number}`,
      log_index: index,
      transaction_hash: testHash(`${fork} transaction ${number} ${index}`),
      ...usual[table],
      ...values,
    }
    const line = Object.keys(columnsOf(table)).map((column) => textOf(row[column]))
    rows.set(table, rowsOf(`${linesOf(rows, table)}${line.join('\t')}\n`))
  }
  return { headers: [{ ...testHeader(number, fork, forkedAt), logs: events.length }], rows }
}

/** The rows of a table as text. */
export const linesOf = (rows: EventRows, table: EventTable): string => {
  const found = rows.get(table)
  return found === undefined ? '' : `${bytesOf(found)}`
}

export const rowsOf = (text: string): Rows => ({ bytes: Buffer.from(text), length: Buffer.byteLength(text) })

/** As COPY takes it; a value that is missing is none. */
const textOf = (value: TestEvent['values'][string] | undefined): string =>
  value === undefined ? '\\N' : typeof value === 'object' ? JSON.stringify(value) : `${value}`

/** Writes down a deployment that starts at block 1, as the first look at a chain does. */
export async function insertTestDeployment(database: Database, treasury: string): Promise<void> {
  await database.query(
    `INSERT INTO progress (chain_id, asset_registry, revenue_ledger, access_market, treasury, start_block, finalised)
     VALUES (31337, $1::text, $2::text, $3::text, $4::text, 1, 0)`,
    [testAddress(101), testAddress(102), testAddress(103), treasury],
  )
}
