import type { Hash } from 'viem'
import type { Database, Queryable } from '../ports/database.js'
import { eventTableNames } from './eventTables.js'
import { type BlockRange, ChainInconsistentError, type Header } from './readBlocks.js'
import { columnsOf } from './schema.js'

/** How far a reorg may reach. Deeper ones are not followed. */
export const reorgDepthMax = 64n

/** The last indexed block, and the height up to which the index is never rewritten. */
export type Cursor = { number: bigint; hash: Hash; finalised: bigint }

type ProgressRow = { number: bigint | null; hash: Hash | null; finalised: bigint }

/** Rows inserted by one statement: bounds the memory that a block full of events takes. */
const rowsPerStatement = 1_000

/** @returns `tip` is undefined while nothing is indexed. */
export async function readCursor(database: Queryable): Promise<{ tip: Cursor | undefined; finalised: bigint }> {
  const [row] = await database.query<ProgressRow>('SELECT number, hash, finalised FROM progress')
  if (row === undefined) return { tip: undefined, finalised: -1n }
  const { number, hash, finalised } = row
  return { tip: number === null || hash === null ? undefined : { number, hash, finalised }, finalised }
}

/**
 * Appends a range and moves the cursor, all or nothing.
 *
 * @param finalised The height below which this range makes history final.
 * @throws ChainInconsistentError when another process moved the cursor.
 */
export async function commitRange(
  database: Database,
  expected: Hash | undefined,
  range: BlockRange,
  finalised: bigint,
): Promise<void> {
  const last = range.headers.at(-1)
  if (last === undefined) return
  await database.transaction(async (transaction) => {
    await moveCursor(transaction, expected, last, finalised)
    await insertHeaders(transaction, range.headers)
    for (const table of eventTableNames) {
      const rows = range.records.filter((record) => record.table === table).map(({ row }) => row)
      await insertRows(transaction, table, columnsOf(table), rows)
    }
    await prune(transaction, last.number)
  })
}

/**
 * Takes back everything above the fork point, and adds the headers below it that a further reorg would be compared with,
 * so that the index is the one that a fresh start on this chain would have made.
 *
 * @param fork Undefined: back to nothing.
 */
export async function rollBack(
  database: Database,
  expected: Hash,
  fork: { number: bigint; hash: Hash } | undefined,
  window: readonly Header[],
): Promise<void> {
  await database.transaction(async (transaction) => {
    await moveCursor(transaction, expected, fork, -1n)
    const above = [fork?.number ?? -1n]
    for (const table of eventTableNames)
      await transaction.query(`DELETE FROM ${table} WHERE block_number > $1::bigint`, above)
    await transaction.query('DELETE FROM blocks WHERE number > $1::bigint', above)
    await insertHeaders(
      transaction,
      window.map((header) => ({ ...header, logs: 0 })),
    )
  })
}

/** Hashes of the blocks that a reorg may go back to, highest first. */
export function readForkCandidates(database: Queryable, finalised: bigint): Promise<{ number: bigint; hash: Hash }[]> {
  return database.query('SELECT number, hash FROM blocks WHERE number >= $1::bigint ORDER BY number DESC', [finalised])
}

/** Heights of the headers that are kept at or above a height. */
export async function readHeldHeights(database: Queryable, from: bigint): Promise<ReadonlySet<bigint>> {
  const rows = await database.query<{ number: bigint }>('SELECT number FROM blocks WHERE number >= $1::bigint', [from])
  return new Set(rows.map(({ number }) => number))
}

const headerColumns = {
  number: 'bigint',
  hash: 'text',
  parent_hash: 'text',
  timestamp: 'bigint',
  logs: 'integer',
}

/** Moves the cursor from where this process last saw it: of two indexers of one schema, the slower one starts again. */
async function moveCursor(
  transaction: Queryable,
  expected: Hash | undefined,
  to: { number: bigint; hash: Hash } | undefined,
  finalised: bigint,
): Promise<void> {
  const moved = await transaction.query(
    `UPDATE progress SET number = $1::bigint, hash = $2::text, finalised = greatest(finalised, $3::bigint)
     WHERE hash IS NOT DISTINCT FROM $4::text RETURNING 1`,
    [to?.number ?? null, to?.hash ?? null, finalised, expected ?? null],
  )
  if (moved.length === 0) throw new ChainInconsistentError('Another process moved the cursor of the index.')
}

const insertHeaders = (transaction: Queryable, headers: readonly (Header & { logs: number })[]): Promise<void> =>
  insertRows(
    transaction,
    'blocks',
    headerColumns,
    headers.map(({ number, hash, parentHash, timestamp, logs }) => ({
      number: `${number}`,
      hash,
      parent_hash: parentHash,
      timestamp: `${timestamp}`,
      logs,
    })),
  )

/** Blocks without events are only kept while a reorg may reach them. */
const prune = (transaction: Queryable, head: bigint) =>
  transaction.query('DELETE FROM blocks WHERE number < $1::bigint AND logs = 0', [head - reorgDepthMax])

async function insertRows(
  transaction: Queryable,
  table: string,
  columns: Readonly<Record<string, string>>,
  rows: readonly object[],
): Promise<void> {
  const names = Object.keys(columns).join(', ')
  const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
  const sql = `INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS r (${typed})`
  for (let i = 0; i < rows.length; i += rowsPerStatement)
    await transaction.query(sql, [JSON.stringify(rows.slice(i, i + rowsPerStatement))])
}
