import { pipeline } from 'node:stream/promises'
import { AgoraiError } from '@agorai/core'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Database, Queryable, SqlParameter } from '../../ports/database.js'
import { assertSchemaName } from './schemaName.js'

export type OpenPostgresParameters = {
  /** A `postgres://` URL. */
  url: string
  schema: string
  /** Connections held open at most. Default 8. */
  connectionsMax?: number
}

const { builtins } = pg.types
const parsers = new Map<number, (text: string) => unknown>([
  [builtins.INT8, BigInt],
  [builtins.NUMERIC, BigInt],
])

const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    parsers.get(id) ?? pg.types.getTypeParser(id as never, format as never),
}

/** SQLSTATE classes of a server that cannot serve now: connection, resources, operator's intervention. */
const unavailableState = /^(08|53|57)/

function toUnavailable(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause
  const state = 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  const refused = state === undefined ? /connection|timeout/i.test(cause.message) : /^E[A-Z]+$/.test(state)
  if (!refused && !unavailableState.test(state ?? '')) return cause
  return new AgoraiError('database_unavailable', 'PostgreSQL did not answer.', { cause })
}

const queryOf =
  (client: pg.Pool | pg.PoolClient): Queryable['query'] =>
  async <Row extends object>(sql: string, parameters: readonly SqlParameter[] = []) => {
    try {
      return (await client.query<Row>(sql, [...parameters])).rows
    } catch (cause) {
      throw toUnavailable(cause)
    }
  }

const queryableOf = (client: pg.PoolClient): Queryable => ({
  query: queryOf(client),
  copyRows: async (table, columns, rows) => {
    if (rows.length === 0) return
    try {
      await pipeline(pieces(rows), client.query(copyFrom(`COPY ${table} (${columns.join(', ')}) FROM STDIN`)))
    } catch (cause) {
      throw toUnavailable(cause)
    }
  },
})

/** Bytes sent at a time: many enough that a call costs nothing, few enough that none waits for all. */
const pieceLength = 1 << 18

function* pieces(rows: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < rows.length; at += pieceLength) yield rows.subarray(at, at + pieceLength)
}

async function transact<Result>(pool: pg.Pool, work: (transaction: Queryable) => Promise<Result>): Promise<Result> {
  const client = await pool.connect().catch((cause: unknown) => Promise.reject(toUnavailable(cause)))
  const transaction = queryableOf(client)
  let broken: Error | undefined
  try {
    await transaction.query('BEGIN')
    const result = await work(transaction)
    await transaction.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => {
      broken = cause
    })
    throw error
  } finally {
    // A connection that cannot roll back is thrown away, and its transaction with it.
    client.release(broken)
  }
}

/**
 * Opens a pool on a PostgreSQL server, in a schema of its own, so that several nodes can share one database.
 *
 * @throws AgoraiError `database_unavailable`
 */
export async function openPostgres({ url, schema, connectionsMax = 8 }: OpenPostgresParameters): Promise<Database> {
  assertSchemaName(schema)
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
    idle_in_transaction_session_timeout: 60_000,
    types,
    onConnect: async (client) => {
      await client.query(`SET search_path TO "${schema}"`)
    },
  })
  // A connection that breaks is replaced by the pool, and who waits for it is told. Without a listener, on the pool for idle
  // connections and on each for those in use, it would end the process.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const query = queryOf(pool)
  try {
    await query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`)
  } catch (error) {
    await pool.end()
    throw error
  }
  const transaction: Database['transaction'] = (work) => transact(pool, work)
  return {
    query,
    copyRows: (...rows) => transaction((inner) => inner.copyRows(...rows)),
    transaction,
    close: () => pool.end(),
  }
}
