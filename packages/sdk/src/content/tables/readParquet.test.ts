import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inMemory } from '@agorai/core'
import { DuckDBInstance } from '@duckdb/node-api'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, describe, expect, test } from 'vitest'
import { readRows } from '../readRows.js'

const folder = mkdtempSync(join(tmpdir(), 'agorai-parquet-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const connection = await (await DuckDBInstance.create()).connect()

async function rowsOf(bytes: Uint8Array): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const row of readRows('parquet', inMemory(bytes))) rows.push(JSON.parse(new TextDecoder().decode(row)))
  return rows
}

let count = 0
/** A Parquet file that DuckDB writes of a query. */
async function written(query: string, options = ''): Promise<{ bytes: Uint8Array; path: string }> {
  const path = join(folder, `${count++}.parquet`)
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`)
  return { bytes: new Uint8Array(readFileSync(path)), path }
}

/** The same rows as DuckDB itself reads them. */
async function readByDuckDb(path: string, select = '*'): Promise<unknown[]> {
  const reader = await connection.runAndReadAll(
    `SELECT to_json(r)::VARCHAR AS j FROM (SELECT ${select} FROM '${path}') r`,
  )
  return reader.getRows().map(([json]) => JSON.parse(json as string))
}

/** Every type, and what a value of it is in a row. docs/content.md is this table in words. */
const types: [type: string, value: string, row: unknown][] = [
  ['BOOLEAN', 'true', true],
  ['TINYINT', '-128', -128],
  ['SMALLINT', '-32768', -32768],
  ['INTEGER', '-2147483648', -2_147_483_648],
  ['BIGINT', '9007199254740991', 9_007_199_254_740_991],
  ['BIGINT', '9007199254740992', '9007199254740992'],
  ['BIGINT', '-9223372036854775808', '-9223372036854775808'],
  ['UTINYINT', '255', 255],
  ['USMALLINT', '65535', 65_535],
  ['UINTEGER', '4294967295', 4_294_967_295],
  ['UBIGINT', '18446744073709551615', '18446744073709551615'],
  ['FLOAT', '0.1', 0.10000000149011612],
  ['DOUBLE', '0.1', 0.1],
  ['DOUBLE', '-0.0', 0],
  ['DECIMAL(4, 2)', '-0.5', '-0.50'],
  ['DECIMAL(9, 0)', '123456789', '123456789'],
  ['DECIMAL(18, 6)', '123456789012.345678', '123456789012.345678'],
  ['DECIMAL(38, 10)', '-1234567890123456789012345678.0123456789', '-1234567890123456789012345678.0123456789'],
  ['VARCHAR', '\'é "quoted" \n 😀\'', 'é "quoted" \n 😀'],
  ['VARCHAR', "''", ''],
  ['BLOB', "'\\x00\\xFFa'::BLOB", 'AP9h'],
  ['DATE', "DATE '2024-02-29'", '2024-02-29'],
  ['DATE', "DATE '1582-10-04'", '1582-10-04'],
  ['DATE', "DATE '0001-01-01'", '0001-01-01'],
  ['DATE', "DATE '0044-03-15 (BC)'", '-000043-03-15'],
  ['TIME', "TIME '23:59:59.999999'", '23:59:59.999999'],
  ['TIMESTAMP', "TIMESTAMP '1969-12-31 23:59:59.000001'", '1969-12-31T23:59:59.000001'],
  ['TIMESTAMP_S', "TIMESTAMP_S '2024-01-01 12:00:00'", '2024-01-01T12:00:00.000000'],
  ['TIMESTAMP_MS', "TIMESTAMP_MS '2024-01-01 12:00:00.5'", '2024-01-01T12:00:00.500'],
  ['TIMESTAMP_NS', "TIMESTAMP_NS '2024-01-01 12:00:00.123456789'", '2024-01-01T12:00:00.123456789'],
  ['TIMESTAMPTZ', "TIMESTAMPTZ '2024-01-01 12:00:00+02'", '2024-01-01T10:00:00.000000Z'],
  ['INTERVAL', "INTERVAL '3 months 2 days 1500 milliseconds'", { days: 2, milliseconds: 1_500, months: 3 }],
  ['UUID', "'f47ac10b-58cc-4372-a567-0e02b2c3d479'", 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
  ["ENUM('low', 'high')", "'high'", 'high'],
  ['JSON', '\'{"b": 1,  "a": 2}\'', '{"b": 1,  "a": 2}'],
  ['INTEGER[]', '[1, NULL, 3]', [1, null, 3]],
  ['INTEGER[]', '[]', []],
  ['INTEGER[][]', '[[1], [], NULL, [NULL]]', [[1], [], null, [null]]],
  ['STRUCT(b VARCHAR, a INTEGER)', "{'b': 'x', 'a': NULL}", { a: null, b: 'x' }],
  ['STRUCT(a STRUCT(b INTEGER[]))', "{'a': {'b': [1, 2]}}", { a: { b: [1, 2] } }],
  ['STRUCT(a STRUCT(b INTEGER[]))', "{'a': NULL}", { a: null }],
  ['STRUCT(a INTEGER)[]', "[{'a': 1}, NULL, {'a': NULL}]", [{ a: 1 }, null, { a: null }]],
  [
    'MAP(INTEGER, VARCHAR)',
    "MAP {2: 'two', 1: NULL}",
    [
      { key: 2, value: 'two' },
      { key: 1, value: null },
    ],
  ],
  ['MAP(VARCHAR, INTEGER[])', 'MAP {}', []],
  ['MAP(VARCHAR, INTEGER)[]', "[MAP {'a': 1}, MAP {}, NULL]", [[{ key: 'a', value: 1 }], [], null]],
]

describe('what DuckDB writes is written as docs/content.md says', () => {
  test.each(types)('%s %s', async (type, value, row) => {
    const { bytes } = await written(
      `SELECT (${value})::${type} AS v UNION ALL SELECT NULL UNION ALL SELECT (${value})::${type}`,
    )
    expect(await rowsOf(bytes)).toEqual([{ v: row }, { v: null }, { v: row }])
  })

  // Version 2 of DuckDB 1.5 cannot write maps.
  test.each(types.filter(([type]) => !type.includes('MAP')))(
    '%s %s, by version 2 of the format',
    async (type, value, row) => {
      const { bytes } = await written(`SELECT (${value})::${type} AS v FROM range(3)`, ', PARQUET_VERSION v2')
      expect(await rowsOf(bytes)).toEqual([{ v: row }, { v: row }, { v: row }])
    },
  )

  test.each(['nan', 'inf', '-inf'])('%s is refused with its row and column', async (value) => {
    const { bytes } = await written(`SELECT 1.0::DOUBLE AS v UNION ALL SELECT '${value}'::DOUBLE`)
    await expect(rowsOf(bytes)).rejects.toMatchObject({
      code: 'rows_invalid',
      details: { row: 2, column: 'v' },
      shortMessage: expect.stringContaining('is no JSON number'),
    })
  })
})

const table = `SELECT i, i * 1000003 % 1009 AS n, CASE WHEN i % 7 = 0 THEN NULL ELSE 'word ' || (i % 100) END AS w,
  'text ' || hash(i) AS t, i % 3 = 0 AS b, (i % 1000) / 8.0 AS f, CASE WHEN i % 5 = 0 THEN NULL ELSE range(i % 4) END AS l,
  CASE WHEN i % 11 = 0 THEN NULL ELSE {'x': i, 'y': CASE WHEN i % 2 = 0 THEN NULL ELSE ['a', 'b' || i] END} END AS s
  FROM range(30000) r(i)`

describe('agrees with DuckDB on thirty thousand rows', () => {
  test.each(['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'lz4_raw'])('%s', async (codec) => {
    const { bytes, path } = await written(table, `, CODEC ${codec}, ROW_GROUP_SIZE 12000`)
    expect(await rowsOf(bytes)).toEqual(await readByDuckDb(path))
  })

  test('by version 2, in one row group and in many', async () => {
    for (const options of ['', ', ROW_GROUP_SIZE 2048']) {
      const { bytes, path } = await written(table, `, PARQUET_VERSION v2${options}`)
      expect(await rowsOf(bytes)).toEqual(await readByDuckDb(path))
    }
  })

  test('also on what another writer wrote', async () => {
    const path = join(folder, 'other.parquet')
    const rows = Array.from({ length: 5_000 }, (_, i) => i)
    const writer = parquetWriteBuffer({
      columnData: [
        { name: 'i', data: rows, type: 'INT32' },
        { name: 'big', data: rows.map((i) => BigInt(i) * 4_000_000_007n), type: 'INT64' },
        { name: 'd', data: rows.map((i) => i / 7), type: 'DOUBLE' },
        { name: 's', data: rows.map((i) => (i % 3 === 0 ? undefined : `é ${i % 50}`)), type: 'STRING', nullable: true },
        { name: 'flag', data: rows.map((i) => i % 2 === 0), type: 'BOOLEAN' },
      ],
      rowGroupSize: 1_200,
    })
    writeFileSync(path, new Uint8Array(writer))
    expect(await rowsOf(new Uint8Array(writer))).toEqual(await readByDuckDb(path))
  })
})

test('a table without rows has none, and reads no more than its end', async () => {
  const { bytes } = await written('SELECT 1 AS a WHERE false')
  expect(await rowsOf(bytes)).toEqual([])
})

test('columns are told in their order, each record before its row', async () => {
  const { bytes } = await written("SELECT 2 AS b, 'x' AS a")
  const records: unknown[] = []
  const onRecord = (columns: readonly string[], values: readonly unknown[]) => records.push([columns, [...values]])
  for await (const row of readRows('parquet', inMemory(bytes), { onRecord }))
    records.push(new TextDecoder().decode(row))
  expect(records).toEqual([
    [
      ['b', 'a'],
      [2, 'x'],
    ],
    '{"a":"x","b":2}',
  ])
})

test('a row group is read by its columns, and nothing of the file twice', async () => {
  const { bytes } = await written('SELECT i, i + 1 AS j FROM range(10000) t(i)', ', ROW_GROUP_SIZE 2048')
  let read = 0
  const counted = {
    ...inMemory(bytes),
    async read(start: number, end: number) {
      read += end - start
      return bytes.subarray(start, end)
    },
  }
  let rows = 0
  for await (const _ of readRows('parquet', counted)) rows++
  expect(rows).toBe(10_000)
  expect(read).toBeLessThanOrEqual(bytes.length + 12)
})

describe('what is damaged is refused, whatever is wrong with it', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['something else', new TextEncoder().encode('a,b\n1,2\n3,4\n')],
    ['an encrypted footer', new TextEncoder().encode('PARE........PARE')],
    [
      'a footer longer than the file',
      Uint8Array.from([...new TextEncoder().encode('PAR1xxxx'), 255, 255, 0, 0, ...new TextEncoder().encode('PAR1')]),
    ],
  ])('%s', async (_, bytes) => {
    await expect(rowsOf(bytes)).rejects.toMatchObject({ code: 'rows_invalid' })
  })

  test('a stream, of which the end cannot be read', async () => {
    await expect(readRows('parquet', inMemory(new Uint8Array(20)).stream()).next()).rejects.toMatchObject({
      code: 'rows_invalid',
    })
  })

  test('any byte of a file changed gives other rows, the same, or a refusal that names rows: never anything else', async () => {
    const outcomes = { read: 0, refused: 0 }
    for (const options of [', CODEC uncompressed', ', CODEC zstd, PARQUET_VERSION v2']) {
      const { bytes } = await written(
        "SELECT i, i % 3 AS k, [i] AS l, CASE WHEN i % 2 = 0 THEN 'x' || i END AS s FROM range(12) t(i)",
        options,
      )
      for (let at = 0; at < bytes.length; at++)
        for (const flip of [0x01, 0xff]) {
          const changed = bytes.slice()
          changed[at] = (changed[at] ?? 0) ^ flip
          try {
            await rowsOf(changed)
            outcomes.read++
          } catch (error) {
            expect(error).toMatchObject({ code: 'rows_invalid' })
            outcomes.refused++
          }
        }
    }
    expect(outcomes.refused).toBeGreaterThan(500)
  })
})

describe('a few bytes that unfold to gigabytes are refused before they do', () => {
  /** Thrift's compact protocol, as far as a page header needs it: fields of i32 and structures of them. */
  function page(fields: readonly (number | readonly number[] | undefined)[], body: readonly number[]): number[] {
    const varint = (value: number): number[] =>
      value < 0x80 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))]
    const structure = (values: readonly (number | readonly number[] | undefined)[]): number[] => {
      let last = 0
      const bytes = values.flatMap((value, index) => {
        if (value === undefined) return []
        const delta = index + 1 - last
        last = index + 1
        return typeof value === 'number'
          ? [(delta << 4) | 5, ...varint(value * 2)]
          : [(delta << 4) | 12, ...structure(value)]
      })
      return [...bytes, 0]
    }
    return [...structure(fields), ...body]
  }

  /** One nullable INT32 column whose only page is put in by hand. */
  async function fileWith(body: readonly number[], { stated = 100, encoding = 0 } = {}): Promise<Uint8Array> {
    const pages = page([0, body.length, body.length, undefined, [stated, encoding, 3, 3]], body)
    const { bytes } = await written('SELECT (i * 1000003)::INTEGER AS v FROM range(100) t(i)', ', CODEC uncompressed')
    const { parquetMetadata } = await import('hyparquet')
    const [column] = parquetMetadata(bytes.slice().buffer).row_groups[0]?.columns ?? []
    const start = Number(column?.meta_data?.data_page_offset)
    const room = Number(column?.meta_data?.total_compressed_size)
    if (pages.length > room) throw new Error(`The page has ${pages.length} bytes and there is room for ${room}.`)
    const changed = bytes.slice()
    changed.fill(0, start, start + room)
    changed.set(pages, start)
    return changed
  }

  const runOf = (count: number, value: number): number[] => {
    const varint = (rest: number): number[] =>
      rest < 0x80 ? [rest] : [(rest % 128) | 0x80, ...varint(Math.floor(rest / 128))]
    return [...varint(count * 2), value]
  }
  const withLength = (bytes: readonly number[]): number[] => [bytes.length, 0, 0, 0, ...bytes]

  test('the page put in by hand is read when it is honest', async () => {
    expect(await rowsOf(await fileWith(withLength(runOf(100, 0))))).toEqual(
      Array.from({ length: 100 }, () => ({ v: null })),
    )
  })

  test.each([
    ['a run of two thousand million levels', () => fileWith(withLength(runOf(2 ** 31 - 1, 0)))],
    [
      'a page that states two thousand million values',
      () => fileWith(withLength(runOf(100, 0)), { stated: 2 ** 31 - 1 }),
    ],
    ['a run without an end', () => fileWith(withLength([0x80, 0x80, 0x80, 0x80, 0x80, 0x80]))],
    ['levels that are longer than the page', () => fileWith([0xff, 0xff, 0xff, 0x7f, ...runOf(100, 0)])],
  ])('%s', async (_, make) => {
    const bytes = await make()
    await expect(rowsOf(bytes)).rejects.toMatchObject({ code: 'rows_invalid' })
  })
})
