import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { profileSchema } from '@agorai/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocalSource } from '../localSource.js'
import { describeContent } from './describeContent.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-describe-'))
})
afterAll(() => rm(folder, { recursive: true }))

const formats = {
  csv: { rowFormat: 'csv', mediaType: 'text/csv', family: 'table' },
  tsv: { rowFormat: 'tsv', mediaType: 'text/tab-separated-values', family: 'table' },
  jsonl: { rowFormat: 'jsonl', mediaType: 'application/jsonl', family: 'table' },
  text: { rowFormat: 'binary', mediaType: 'text/plain', family: 'text' },
} as const

function sourceOf(text: string, format: keyof typeof formats, path?: string): LocalSource {
  const bytes = new TextEncoder().encode(text)
  return {
    ...{ fileName: 'rows', mediaType: formats[format].mediaType, bytes: bytes.length, format: formats[format] },
    async *stream() {
      yield bytes
    },
    ...(path === undefined ? {} : { path }),
  }
}

const people = [
  'name,age,height,member,since,note',
  'Ada,36,1.65,true,1843-07-10,',
  'Bo,41,1.8,false,1843-07-11,"two, with ""quotes"""',
  'Cy,,1.72,true,1843-07-13,x',
  'Di,36,,true,1843-07-10,',
]

describe('a table', () => {
  test.each(['csv', 'tsv'] as const)('%s has the same figures as a file and as a stream', async (format) => {
    const separator = format === 'tsv' ? '\t' : ','
    const text = `${people.join('\r\n')}\r\n`.replaceAll(/,(?! )/g, separator)
    const path = join(folder, `it's people.${format}`)
    await writeFile(path, text)
    const fromFile = await describeContent(sourceOf(text, format, path))
    expect(await describeContent(sourceOf(text, format))).toEqual(fromFile)
    const { table } = profileSchema.parse(fromFile.profile)
    expect(table).toMatchObject({ rows: 4, withheld: [] })
    expect(table?.columns.map(({ name, type, nulls, distinct }) => [name, type, nulls, distinct])).toEqual([
      ['name', 'string', 0, 4],
      ['age', 'integer', 1, 2],
      ['height', 'number', 1, 3],
      ['member', 'boolean', 0, 2],
      ['since', 'date', 0, 3],
      ['note', 'string', 2, 2],
    ])
    expect(table?.columns[1]?.spread).toEqual({
      ...{ min: 36, max: 41, mean: 37.666667, deviation: 2.8867513, quantiles: [36, 36, 36, 41, 41] },
      histogram: { from: 35.5, to: 41.5, counts: [2, 0, 0, 0, 0, 1] },
    })
    expect(table?.columns[4]?.spread?.min).toBe(Date.UTC(1843, 6, 10) / 1000)
  })

  test('of JSON may have other columns in each row', async () => {
    const rows = '{"a":1,"b":"x"}\n{"b":"y","c":[1,2]}\n{"a":2.5,"b":null}\n'
    const { profile } = await describeContent(sourceOf(rows, 'jsonl'))
    expect(profile?.table?.columns.map(({ name, type, nulls }) => [name, type, nulls])).toEqual([
      ['a', 'number', 1],
      ['b', 'string', 1],
      ['c', 'string', 2],
    ])
  })

  test('shows no value that was not asked for, and nothing of a column that is withheld', async () => {
    const text = `${people.join('\n')}\n`
    const silent = await describeContent(sourceOf(text, 'csv'))
    expect(JSON.stringify(silent)).not.toMatch(/Ada|quotes/)
    const { profile } = await describeContent(sourceOf(text, 'csv'), { top: ['member'], withhold: ['name', 'age'] })
    expect(profile?.table?.columns.map(({ name }) => name)).toEqual(['height', 'member', 'since', 'note'])
    expect(profile?.table?.withheld).toEqual(['name', 'age'])
    expect(profile?.table?.columns[1]?.top).toEqual([
      { value: 'true', count: 3 },
      { value: 'false', count: 1 },
    ])
    await expect(describeContent(sourceOf(text, 'csv'), { withhold: ['nmae'] })).rejects.toMatchObject({
      code: 'invalid_request',
      field: 'withhold',
    })
  })

  test('that looks personal is pointed out', async () => {
    const { warnings } = await describeContent(sourceOf('id,Email\n1,a@b.org\n', 'csv'))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('Email')
  })

  test.each([
    ['no rows', 'a,b\n', { rows: 0 }],
    [
      'one column without values',
      'a\n""\n',
      { rows: 1, columns: [{ name: 'a', type: 'string', nulls: 1, distinct: 0 }] },
    ],
    ['one value', 'a\n7\n', { rows: 1 }],
    ['numbers that are too large', 'a\n1e999\n2\n', { rows: 2 }],
    ['the ends of what numbers hold', 'a\n-1.7e308\n1.7e308\n3\n', { rows: 3, columns: [{ nulls: 2 }] }],
    ['names that SQL would take for more', '"a"" FROM content; --",\'\n1,2\n', { rows: 1 }],
  ])('with %s has figures all the same', async (_, text, expected) => {
    const { profile } = await describeContent(sourceOf(text, 'csv'))
    expect(profileSchema.parse(profile).table).toMatchObject(expected)
  })

  test('of more rows than are profiled says how they were chosen', async () => {
    const text = `n\n${Array.from({ length: 5_000 }, (_, n) => n).join('\n')}\n`
    const path = join(folder, 'many.csv')
    await writeFile(path, text)
    const options = { rowsMax: 1_000 }
    const random = await describeContent(sourceOf(text, 'csv', path), options)
    expect(random.profile?.table).toMatchObject({ rows: 1_000, sampled: 'random' })
    expect(random.profile?.table?.columns[0]?.spread?.max).toBeGreaterThan(4_500)
    expect(await describeContent(sourceOf(text, 'csv', path), options)).toEqual(random)
    const first = await describeContent(sourceOf(text, 'csv'), options)
    expect(first.profile?.table).toMatchObject({ rows: 1_000, sampled: 'first' })
    expect(first.profile?.table?.columns[0]?.spread?.max).toBe(999)
  })

  test('is the named file only: a path that could mean several files is read here', async () => {
    await writeFile(join(folder, 'p1.csv'), 'a\n1\n')
    const path = join(folder, 'p[12].csv')
    await writeFile(path, 'a\n5\n6\n')
    const { profile } = await describeContent(sourceOf('a\n5\n6\n', 'csv', path))
    expect(profile?.table).toMatchObject({ rows: 2, columns: [{ spread: { min: 5, max: 6 } }] })
  })
})

test('a text has the figures of its characters, whatever the language', async () => {
  const { profile } = await describeContent(sourceOf('Hello, world.\r\nПривет мир\n你好 e\u0301\n', 'text'))
  expect(profile?.text).toEqual({
    ...{ characters: 28, lines: 3, words: 6, lineMax: 13, lineMean: 9.3333333 },
    scripts: [
      { script: 'Latin', letters: 11 },
      { script: 'Cyrillic', letters: 9 },
      { script: 'Han', letters: 2 },
    ],
  })
})
