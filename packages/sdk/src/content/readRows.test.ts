import { Readable } from 'node:stream'
import { canonicalRow } from '@agorai/core'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RowFormat, readRows } from './readRows.js'

const encoder = new TextEncoder()

/** The text as a stream of slices of `size` bytes, so that every cut inside a character and inside a quote is tried. */
async function* sliced(text: string | Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? encoder.encode(text) : text
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function rowsOf(format: RowFormat, text: string | Uint8Array, size?: number): Promise<string[]> {
  const rows: string[] = []
  for await (const row of readRows(format, sliced(text, size))) rows.push(new TextDecoder().decode(row))
  return rows
}

describe('csv', () => {
  test('a row is the canonical JSON of its record, its values strings', async () => {
    expect(await rowsOf('csv', 'b,a\n1,2\n')).toEqual(['{"a":"2","b":"1"}'])
  })

  test('quotes, doubled quotes, line breaks inside quotes, CRLF, a byte order mark and no last line break', async () => {
    const text = '\ufeffname,note\r\n"Ada ""L.""","two\r\nlines, one value"\r\né😀,'
    for (const size of [1, 2, 3, 7, 65_536])
      expect(await rowsOf('csv', text, size)).toEqual([
        '{"name":"Ada \\"L.\\"","note":"two\\r\\nlines, one value"}',
        '{"name":"é😀","note":""}',
      ])
  })

  test('an empty file and a header alone have no rows', async () => {
    expect(await rowsOf('csv', '')).toEqual([])
    expect(await rowsOf('csv', 'a,b\n')).toEqual([])
    expect(await rowsOf('csv', 'a,b')).toEqual([])
  })

  test('agrees with csv-parse on any table, cut anywhere', async () => {
    const cell = fc.oneof(
      fc.constantFrom('', '"', ',', '\n', '\r\n', 'a"b', ' ', '\\', '😀', '0'),
      fc.string({ unit: 'binary' }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }))),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (table, lineBreak, size, ended) => {
          const columns = (table[0] ?? ['']).map((_, index) => `column ${index}`)
          const quoted = (value: string): string =>
            /[",\r\n]/.test(value) || value === '' ? `"${value.replaceAll('"', '""')}"` : value
          const text =
            [columns, ...table].map((row) => row.map(quoted).join(',')).join(lineBreak) + (ended ? lineBreak : '')
          const expected = (parse(text, { columns: true }) as Record<string, string>[]).map((record) =>
            new TextDecoder().decode(canonicalRow(record)),
          )
          expect(await rowsOf('csv', text, size)).toEqual(expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each([
    ['a short row', 'a,b\n1,2\n3\n', 'Line 3: the row has 1 values and the header 2 columns.'],
    ['a long row', 'a\n1,2\n', 'Line 2: the row has 2 values and the header 1 columns.'],
    ['a quote inside a value', 'a\nx"y"\n', 'Line 2: a quote stands inside a value'],
    ['text after a quote', 'a\n"x"y\n', 'Line 2: a closing quote is followed by'],
    ['a quote that stays open', 'a\n1\n"x\n\n', 'a quoted value is not closed.'],
    ['a lone carriage return', 'a,b\n1\r,2\n', 'Line 2: a carriage return stands outside quotes.'],
    ['a name that stands twice', 'a,a\n1,2\n', 'Line 1: two columns of the header have the same name.'],
    ['a column without a name', 'a,\n1,2\n', 'Line 1: a column of the header has no name.'],
    ['bytes that are not UTF-8', Uint8Array.of(0x61, 0x0a, 0xff, 0x0a), 'The file is not UTF-8'],
  ])('refuses %s', async (_, text, message) => {
    for (const size of [1, 65_536])
      await expect(rowsOf('csv', text, size)).rejects.toMatchObject({
        code: 'rows_invalid',
        shortMessage: expect.stringContaining(message),
      })
  })

  test('a file without line breaks is refused before it fills the memory', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield encoder.encode('a\n"')
      for (;;) yield new Uint8Array(1_048_576).fill(0x78)
    }
    const rows = readRows('csv', endless())
    await expect(rows.next()).rejects.toMatchObject({ code: 'rows_invalid', details: { line: 2 } })
  })
})

describe('tsv', () => {
  test('is CSV with tabs, quotes included', async () => {
    for (const size of [1, 3, 65_536])
      expect(await rowsOf('tsv', 'a\tb\r\n1,5\t"x\ty"\r\n\t"say ""so"""', size)).toEqual([
        '{"a":"1,5","b":"x\\ty"}',
        '{"a":"","b":"say \\"so\\""}',
      ])
  })

  test('a backslash is a character, and a row has as many values as the header', async () => {
    expect(await rowsOf('tsv', 'a\tb\n\\t\t\\N\n')).toEqual(['{"a":"\\\\t","b":"\\\\N"}'])
    await expect(rowsOf('tsv', 'a\tb\n1,2\n')).rejects.toMatchObject({ code: 'rows_invalid', details: { line: 2 } })
  })
})

describe('jsonl', () => {
  test('a row is the canonical JSON of its line', async () => {
    for (const size of [1, 5, 65_536])
      expect(await rowsOf('jsonl', '{"b": [1.0, "é"], "a": null}\r\n{}', size)).toEqual([
        '{"a":null,"b":[1,"é"]}',
        '{}',
      ])
  })

  test.each([
    ['a key that stands twice', '{}\n{"a":1,"a":2}\n', 'Line 2:'],
    ['an array', '[]\n', 'Line 1: the row is not a JSON object.'],
    ['an empty line', '{}\n\n{}', 'Line 2:'],
    ['a prototype key', '{"__proto__":{}}', 'Line 1:'],
  ])('refuses %s', async (_, text, message) => {
    await expect(rowsOf('jsonl', text)).rejects.toMatchObject({
      code: 'rows_invalid',
      shortMessage: expect.stringContaining(message),
    })
  })
})

test.each([0, 1, 1_048_576, 1_048_577])('binary of %i bytes is cut into chunks of 1 MiB', async (bytes) => {
  const content = new Uint8Array(bytes).map((_, index) => index % 251)
  const rows: Uint8Array[] = []
  for await (const row of readRows('binary', sliced(content, 700_001))) rows.push(row.slice())
  expect(rows.map((row) => row.length)).toEqual(
    bytes === 0 ? [] : bytes > 1_048_576 ? [1_048_576, bytes - 1_048_576] : [bytes],
  )
  expect(Buffer.concat(rows).equals(content)).toBe(true)
})

test('a stream of Node is read as a stream, though it has a `read` too', async () => {
  const rows: string[] = []
  for await (const row of readRows('csv', Readable.from([Buffer.from('a\n1\n')])))
    rows.push(new TextDecoder().decode(row))
  expect(rows).toEqual(['{"a":"1"}'])
})
