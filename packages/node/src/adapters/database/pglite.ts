import { mkdir } from 'node:fs/promises'
import { PGlite, types } from '@electric-sql/pglite'
import type { Database, Queryable, SqlParameter } from '../../ports/database.js'
import { assertSchemaName } from './schemaName.js'

export type OpenPgliteParameters = {
  /** Where the database is kept; in memory when absent. The caller holds the folder's lock: two processes would spoil it. */
  folder?: string
  schema: string
}

const parsers = { [types.INT8]: BigInt, [types.NUMERIC]: BigInt }

type Engine = {
  query<Row>(sql: string, parameters?: unknown[], options?: { blob?: Blob }): Promise<{ rows: Row[] }>
}

const queryableOf = (engine: Engine): Queryable => ({
  query: async <Row extends object>(sql: string, parameters: readonly SqlParameter[] = []) =>
    (await engine.query<Row>(sql, parameters.map(toEngine))).rows,
  copyRows: async (table, columns, rows) => {
    if (rows.length === 0) return
    // The blob is the file that the engine reads.
    const blob = new Blob([rows as Uint8Array<ArrayBuffer>])
    await engine.query(`COPY ${table} (${columns.join(', ')}) FROM '/dev/blob'`, [], { blob })
  },
})

/** The engine picks a serializer by the type of the placeholder; text suits them all. */
const toEngine = (value: SqlParameter): unknown => (typeof value === 'bigint' ? value.toString() : value)

/** Opens the embedded PostgreSQL, whose files survive a killed process but not a failing disk: it is a cache. */
export async function openPglite({ folder, schema }: OpenPgliteParameters): Promise<Database> {
  assertSchemaName(schema)
  // The engine makes the last folder of the path only.
  if (folder !== undefined) await mkdir(folder, { recursive: true })
  const engine = await PGlite.create({ ...(folder === undefined ? {} : { dataDir: folder }), parsers })
  await engine.exec(`CREATE SCHEMA IF NOT EXISTS "${schema}"; SET search_path TO "${schema}"`)
  return {
    ...queryableOf(engine),
    transaction: (work) => engine.transaction((transaction) => work(queryableOf(transaction))),
    close: () => engine.close(),
  }
}
