import type { Hash } from 'viem'
import { reorgDepthMax as depthMax } from '../ports/catalogue.js'
import type { Database, Queryable } from '../ports/database.js'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import { eventTableNames } from './eventTables.js'
import type { BlockRange, Header } from './readBlocks.js'
import { bytesOf } from './rows.js'
import { columnsOf } from './schema.js'

export const reorgDepthMax = BigInt(depthMax)

/** The last indexed block, and the height up to which the index is never rewritten. */
export type Cursor = { number: bigint; hash: Hash; finalised: bigint }

type ProgressRow = { number: bigint | null; hash: Hash | null; finalised: bigint }

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
    for (const [table, rows] of range.rows)
      await transaction.copyRows(table, Object.keys(columnsOf(table)), bytesOf(rows))
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

/** Adds headers of blocks without events below the cursor, which stays where it is. */
export async function addHeaders(database: Database, expected: Hash, headers: readonly Header[]): Promise<void> {
  await database.transaction(async (transaction) => {
    const { tip } = await readCursor(transaction)
    if (tip?.hash !== expected) throw new ChainInconsistentError('Another process moved the cursor of the index.')
    await insertHeaders(
      transaction,
      headers.map((header) => ({ ...header, logs: 0 })),
    )
  })
}

/** Hashes of the blocks that a reorg may go back to, highest first. */
export function readForkCandidates(database: Queryable, finalised: bigint): Promise<{ number: bigint; hash: Hash }[]> {
  return database.query('SELECT number, hash FROM blocks WHERE number >= $1::bigint ORDER BY number DESC', [finalised])
}

type HeldHeader = Pick<Header, 'number' | 'hash' | 'parentHash'>

/** The headers that are kept at or above a height. */
export async function readHeldHeaders(database: Queryable, from: bigint): Promise<ReadonlyMap<bigint, HeldHeader>> {
  const rows = await database.query<HeldHeader>(
    'SELECT number, hash, parent_hash AS "parentHash" FROM blocks WHERE number >= $1::bigint',
    [from],
  )
  return new Map(rows.map((row) => [row.number, row]))
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
  transaction.copyRows(
    'blocks',
    ['number', 'hash', 'parent_hash', 'timestamp', 'logs'],
    Buffer.from(
      headers
        .map(
          ({ number, hash, parentHash, timestamp, logs }) =>
            `${[number, hash, parentHash, timestamp, logs].join('\t')}\n`,
        )
        .join(''),
    ),
  )

/** Blocks without events are only kept while a reorg may reach them. */
const prune = (transaction: Queryable, head: bigint) =>
  transaction.query('DELETE FROM blocks WHERE number < $1::bigint AND logs = 0', [head - reorgDepthMax])
