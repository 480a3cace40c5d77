import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inMemory } from '@agorai/core'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { readRows } from '../readRows.js'

const folder = mkdtempSync(join(tmpdir(), 'agorai-nested-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const connection = await (await DuckDBInstance.create()).connect()

/** A type of DuckDB, and literals of values of it. */
type Column = { type: string; value: fc.Arbitrary<string> }

const orNull = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant('NULL') })

const leaf: fc.Arbitrary<Column> = fc.constantFrom<Column>(
  { type: 'INTEGER', value: fc.integer({ min: -5, max: 5 }).map(String) },
  { type: 'VARCHAR', value: fc.constantFrom("''", "'a'", "'bc'", "'é'") },
  { type: 'BOOLEAN', value: fc.constantFrom('true', 'false') },
)

const column: fc.Arbitrary<Column> = fc.letrec<{ column: Column }>((tie) => ({
  column: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    leaf,
    tie('column').map(({ type, value }) => ({
      type: `${type}[]`,
      value: fc.array(orNull(value), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    })),
    fc.array(tie('column'), { minLength: 1, maxLength: 3 }).map((fields) => ({
      type: `STRUCT(${fields.map(({ type }, index) => `f${index} ${type}`).join(', ')})`,
      value: fc
        .tuple(...fields.map(({ value }) => orNull(value)))
        .map((values) => `{${values.map((value, index) => `'f${index}': ${value}`).join(', ')}}`),
    })),
  ),
})).column

test('columns nested in any way are what DuckDB reads in them', async () => {
  let count = 0
  await fc.assert(
    fc.asyncProperty(
      column.chain(({ type, value }) =>
        fc.tuple(fc.constant(type), fc.array(orNull(value), { minLength: 1, maxLength: 12 })),
      ),
      fc.constantFrom('', ', PARQUET_VERSION v2', ', CODEC uncompressed'),
      async ([type, values], options) => {
        const path = join(folder, `${count++}.parquet`)
        const rows = values.map((value, index) => `(${index}, (${value})::${type})`).join(', ')
        await connection.run(`COPY (SELECT * FROM (VALUES ${rows}) t(i, v)) TO '${path}' (FORMAT parquet${options})`)
        const reader = await connection.runAndReadAll(`SELECT to_json(r)::VARCHAR FROM (SELECT * FROM '${path}') r`)
        const found: unknown[] = []
        for await (const row of readRows('parquet', inMemory(new Uint8Array(readFileSync(path)))))
          found.push(JSON.parse(new TextDecoder().decode(row)))
        expect(found).toEqual(reader.getRows().map(([json]) => JSON.parse(json as string)))
      },
    ),
    { numRuns: 200 },
  )
})
