import type { RowFormat } from '@agorai/core'
import { AgoraiError } from '@agorai/core'
import type { DuckDBConnection } from '@duckdb/node-api'
import { readRows } from '../../content/readRows.js'

/** A content as a table of DuckDB, in memory. */
export type OpenTable = {
  columns: readonly { name: string; type: string }[]
  rows: number
  sampled: 'first' | 'random' | undefined
  /** Answers of a query, as plain values. The table is named `content`. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>
  close(): void
}

export type TableSource = {
  rowFormat: RowFormat
  /** Reads it from the beginning. */
  content: () => Parameters<typeof readRows>[1]
  path?: string | undefined
}

/** Values that a table holds at most: some 500 MB in memory. */
const cellsMax = 20_000_000
const memoryLimit = '1GB'

/**
 * Opens a content as a table. A CSV, TSV or Parquet file is read by DuckDB itself, which may read that one file and nothing
 * else; everything else is fed to it row by row. Of more than `rowsMax` rows a file gives as many at random, always the
 * same ones, and what is fed gives the first.
 *
 * @throws AgoraiError `rows_invalid` with the line
 */
export async function openTable(source: TableSource, rowsMax: number): Promise<OpenTable> {
  const { path, rowFormat } = source
  // DuckDB takes a path for a pattern of paths, so one that could be a pattern is read here.
  const reader = path === undefined || /[*?[\]{}]/.test(path) ? undefined : readerOf(rowFormat, path)
  if (reader !== undefined && path !== undefined) {
    const opened = await openFile(reader, path, rowsMax)
    if (opened !== undefined) return opened
  }
  return feedTable(source, rowsMax)
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`

function readerOf(rowFormat: RowFormat, path: string): string | undefined {
  if (rowFormat === 'parquet') return `read_parquet(${text(path)})`
  if (rowFormat === 'csv' || rowFormat === 'tsv') {
    const separator = rowFormat === 'csv' ? "','" : "'\\t'"
    return `read_csv(${text(path)}, header = true, all_varchar = true, delim = ${separator}, quote = '"', escape = '"')`
  }
  return undefined
}

async function connect(allowedPath?: string): Promise<{ connection: DuckDBConnection; close: () => void }> {
  // A native library: only who needs it loads it.
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: memoryLimit })
  const connection = await instance.connect()
  const close = () => {
    connection.closeSync()
    instance.closeSync()
  }
  try {
    // No plaintext goes to a temporary file.
    await connection.run("SET temp_directory = ''")
    if (allowedPath !== undefined) await connection.run(`SET allowed_paths = [${text(allowedPath)}]`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
  } catch (error) {
    close()
    throw error
  }
  return { connection, close }
}

/** Undefined when DuckDB reads the file otherwise than we do, such as a CSV with a line of its own kind. */
async function openFile(reader: string, path: string, rowsMax: number): Promise<OpenTable | undefined> {
  const { connection, close } = await connect(path)
  try {
    const columns = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${reader}`)).getRowsJS()
    const limit = limitOf(columns.length, rowsMax)
    const load = (from: string) => connection.run(`CREATE OR REPLACE TABLE content AS ${from}`)
    await load(`SELECT * FROM ${reader} LIMIT ${limit + 1}`)
    const whole = (await countOf(connection)) <= limit
    if (!whole) await load(`SELECT * FROM ${reader} USING SAMPLE reservoir(${limit} ROWS) REPEATABLE (1)`)
    return toTable(
      connection,
      close,
      columns.map(([name, type]) => ({ name: String(name), type: String(type) })),
      { rows: await countOf(connection), sampled: whole ? undefined : 'random' },
    )
  } catch {
    close()
    return undefined
  }
}

const limitOf = (columns: number, rowsMax: number) =>
  Math.max(1, Math.min(rowsMax, Math.floor(cellsMax / Math.max(1, columns))))

async function countOf(connection: DuckDBConnection): Promise<number> {
  return Number((await connection.runAndReadAll('SELECT count(*) FROM content')).getRowsJS()[0]?.[0])
}

const toTable = (
  connection: DuckDBConnection,
  close: () => void,
  columns: OpenTable['columns'],
  { rows, sampled }: Pick<OpenTable, 'rows' | 'sampled'>,
): OpenTable => ({
  columns,
  rows,
  sampled,
  query: async (sql) => (await connection.runAndReadAll(sql)).getRowsJS(),
  close,
})

/** Most rows that one chunk of DuckDB holds. */
const chunkRows = 2048

/** Rows of JSON may each have other columns, so they are gathered before the table is made. */
async function feedTable({ rowFormat, content }: TableSource, rowsMax: number): Promise<OpenTable> {
  const columns = new Map<string, (string | null)[]>()
  let rows = 0
  let more = false
  // Rows of a CSV all come with the same list of names.
  let known: { names: readonly string[]; columns: (string | null)[][] } = { names: [], columns: [] }
  const columnOf = (name: string): (string | null)[] => {
    const column = columns.get(name) ?? []
    if (column.length === 0) columns.set(name, column)
    return column
  }
  const onRecord = (names: readonly string[], values: readonly unknown[]): void => {
    if (rows >= limitOf(Math.max(columns.size, names.length), rowsMax)) {
      more = true
      return
    }
    if (known.names !== names) known = { names, columns: names.map(columnOf) }
    for (let index = 0; index < names.length; index++) {
      const column = known.columns[index]
      if (column !== undefined) column[rows] = toText(values[index])
    }
    rows++
  }
  for await (const _row of readRows(rowFormat, content(), { onRecord })) if (more) break
  if (columns.size > 4096)
    throw new AgoraiError('rows_invalid', `The rows have ${columns.size} columns together, at most 4096 are read.`)
  const { DuckDBDataChunk, VARCHAR } = await import('@duckdb/node-api')
  const { connection, close } = await connect()
  try {
    const names = [...columns.keys()]
    await connection.run(
      `CREATE TABLE content (${names.map((name) => `${quoted(name)} VARCHAR`).join(', ') || 'none INT'})`,
    )
    const appender = await connection.createAppender('content')
    for (let start = 0; start < rows && names.length > 0; start += chunkRows) {
      const count = Math.min(chunkRows, rows - start)
      const chunk = DuckDBDataChunk.create(
        names.map(() => VARCHAR),
        count,
      )
      for (const [index, column] of [...columns.values()].entries())
        chunk.setColumnValues(
          index,
          Array.from({ length: count }, (_, row) => column[start + row] ?? null),
        )
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
    const sampled = more ? 'first' : undefined
    return toTable(
      connection,
      close,
      names.map((name) => ({ name, type: 'VARCHAR' })),
      { rows, sampled },
    )
  } catch (error) {
    close()
    throw error
  }
}

function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? null)
}
