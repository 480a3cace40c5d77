import { inMemory } from '@agorai/core'
import * as arrow from 'apache-arrow'
import {
  Binary,
  Bool,
  type DataType,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  LargeUtf8,
  List,
  Map_,
  makeData,
  Null,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  tableFromArrays,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { readRows } from '../readRows.js'

async function* sliced(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function rowsOf(bytes: Uint8Array, size?: number): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const row of readRows('arrow', size === undefined ? inMemory(bytes) : sliced(bytes, size)))
    rows.push(JSON.parse(new TextDecoder().decode(row)))
  return rows
}

const fileOf = (table: Table): Uint8Array => RecordBatchFileWriter.writeAll(table).toUint8Array(true)
const streamOf = (table: Table): Uint8Array => RecordBatchStreamWriter.writeAll(table).toUint8Array(true)

/** A table of one column, its buffers as they lie in a file. */
function columnOf(type: DataType, values: ArrayBufferView, length: number): Table {
  const data = makeData({ type, length, nullCount: 0, data: values } as never) as never
  const schema = new Schema([new Field('v', type, true)])
  return new Table(
    new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length, children: [data] } as never) as never),
  )
}

const vectorTable = (type: DataType, values: readonly unknown[]): Table =>
  new Table({ v: vectorFromArray(values as never[], type) } as never)

const simple: [name: string, table: Table, rows: unknown[]][] = [
  ['bool', vectorTable(new Bool(), [true, null, false]), [true, null, false]],
  ['int8', vectorTable(new Int8(), [-128, null, 127]), [-128, null, 127]],
  ['int16', vectorTable(new Int16(), [-32_768, null]), [-32_768, null]],
  ['int32', vectorTable(new Int32(), [-(2 ** 31), null]), [-(2 ** 31), null]],
  [
    'int64',
    vectorTable(new Int64(), [1n, null, -(2n ** 63n), 2n ** 53n]),
    [1, null, '-9223372036854775808', '9007199254740992'],
  ],
  ['uint8', vectorTable(new Uint8(), [255, null]), [255, null]],
  ['uint16', vectorTable(new Uint16(), [65_535, null]), [65_535, null]],
  ['uint32', vectorTable(new Uint32(), [2 ** 32 - 1, null]), [2 ** 32 - 1, null]],
  ['uint64', vectorTable(new Uint64(), [2n ** 64n - 1n, null]), ['18446744073709551615', null]],
  ['float16', vectorTable(new Float16(), [1.5, null, -0.25]), [1.5, null, -0.25]],
  ['float32', vectorTable(new Float32(), [0.1, null]), [0.10000000149011612, null]],
  ['float64', vectorTable(new Float64(), [0.1, null, -0]), [0.1, null, 0]],
  ['utf8', vectorTable(new Utf8(), ['é 😀', null, '']), ['é 😀', null, '']],
  ['large utf8', vectorTable(new LargeUtf8(), ['é', null]), ['é', null]],
  ['binary', vectorTable(new Binary(), [Uint8Array.of(0, 255), null]), ['AP8=', null]],
  ['fixed binary', vectorTable(new FixedSizeBinary(3), [Uint8Array.of(1, 2, 3), null]), ['AQID', null]],
  ['null', vectorTable(new Null(), [null, null]), [null, null]],
  ['dictionary', vectorTable(new Dictionary(new Utf8(), new Int32()), ['a', 'b', null, 'a']), ['a', 'b', null, 'a']],
  ['list', vectorTable(new List(new Field('item', new Int32(), true)), [[1, null], [], null]), [[1, null], [], null]],
  [
    'fixed list',
    vectorTable(new FixedSizeList(2, new Field('item', new Int32(), true)), [[1, 2], null, [3, 4]]),
    [[1, 2], null, [3, 4]],
  ],
  [
    'struct',
    vectorTable(new Struct([new Field('b', new Utf8(), true), new Field('a', new Int32(), true)]), [
      { b: 'x', a: 1 },
      null,
      { b: null, a: 2 },
    ]),
    [{ a: 1, b: 'x' }, null, { a: 2, b: null }],
  ],
  [
    'map',
    vectorTable(
      new Map_(
        new Field(
          'entries',
          new Struct([new Field('key', new Utf8(), false), new Field('value', new Int32(), true)]),
          false,
        ) as never,
      ),
      [
        new Map([
          ['a', 1],
          ['b', null],
        ]),
        null,
        new Map(),
      ],
    ),
    [
      [
        { key: 'a', value: 1 },
        { key: 'b', value: null },
      ],
      null,
      [],
    ],
  ],
]

/** What the library would turn into numbers that hold less, from its very buffers. */
const exact: [name: string, table: Table, rows: unknown[]][] = [
  [
    'date in days',
    columnOf(new arrow.DateDay(), Int32Array.of(0, -1, 19_782, -719_529), 4),
    ['1970-01-01', '1969-12-31', '2024-02-29', '-000001-12-31'],
  ],
  [
    'date in milliseconds',
    columnOf(new arrow.DateMillisecond(), BigInt64Array.of(0n, -86_400_000n), 2),
    ['1970-01-01', '1969-12-31'],
  ],
  ['timestamp in seconds', columnOf(new arrow.TimestampSecond(), BigInt64Array.of(0n), 1), ['1970-01-01T00:00:00']],
  [
    'timestamp in milliseconds, an instant',
    columnOf(new arrow.TimestampMillisecond('Europe/Rome'), BigInt64Array.of(-1n), 1),
    ['1969-12-31T23:59:59.999Z'],
  ],
  [
    'timestamp in microseconds',
    columnOf(new arrow.TimestampMicrosecond(), BigInt64Array.of(1n), 1),
    ['1970-01-01T00:00:00.000001'],
  ],
  [
    'timestamp in nanoseconds',
    columnOf(new arrow.TimestampNanosecond('UTC'), BigInt64Array.of(1_704_067_200_123_456_789n), 1),
    ['2024-01-01T00:00:00.123456789Z'],
  ],
  ['time in seconds', columnOf(new arrow.TimeSecond(), Int32Array.of(86_399), 1), ['23:59:59']],
  ['time in milliseconds', columnOf(new arrow.TimeMillisecond(), Int32Array.of(1), 1), ['00:00:00.001']],
  ['time in nanoseconds', columnOf(new arrow.TimeNanosecond(), BigInt64Array.of(1n), 1), ['00:00:00.000000001']],
  [
    'duration',
    columnOf(new arrow.DurationNanosecond(), BigInt64Array.of(-5n, 2n ** 60n), 2),
    [-5, '1152921504606846976'],
  ],
  [
    'decimal128',
    columnOf(
      new arrow.Decimal(2, 10, 128),
      Uint32Array.of(0xffffffce, 0xffffffff, 0xffffffff, 0xffffffff, 12_345, 0, 0, 0),
      2,
    ),
    ['-0.50', '123.45'],
  ],
  ['months', columnOf(new arrow.IntervalYearMonth(), Int32Array.of(14), 1), [{ months: 14 }]],
  [
    'days and milliseconds',
    columnOf(new arrow.IntervalDayTime(), Int32Array.of(3, 1_500), 1),
    [{ days: 3, milliseconds: 1_500 }],
  ],
  [
    'months, days and nanoseconds',
    columnOf(new arrow.IntervalMonthDayNano(), Int32Array.of(1, 2, -1, -1), 1),
    [{ days: 2, months: 1, nanoseconds: -1 }],
  ],
]

describe('each type is written as docs/content.md says, from a file and from a stream', () => {
  test.each([...simple, ...exact])('%s', async (_, table, rows) => {
    const expected = rows.map((v) => ({ v }))
    expect(await rowsOf(fileOf(table))).toEqual(expected)
    expect(await rowsOf(streamOf(table), 7)).toEqual(expected)
  })
})

const flowers = (from: number, to: number): Table => {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index)
  return tableFromArrays({
    i: Int32Array.from(numbers),
    f: Float64Array.from(numbers, (i) => i / 7),
    word: numbers.map((i) => `word ${i % 10}`),
    text: vectorFromArray(
      numbers.map((i) => (i % 3 === 0 ? null : `text ${i}`)),
      new Utf8(),
    ) as never,
  })
}
const expectedFlowers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index).map((i) => ({
    f: i / 7,
    i,
    text: i % 3 === 0 ? null : `text ${i}`,
    word: `word ${i % 10}`,
  }))

test('batches are read one after the other, with dictionaries, cut anywhere', async () => {
  const table = flowers(0, 1_000)
  const parts = new Table([
    ...table.slice(0, 300).batches,
    ...table.slice(300, 700).batches,
    ...table.slice(700).batches,
  ])
  expect(parts.batches).toHaveLength(3)
  for (const size of [1, 13, 65_536]) expect(await rowsOf(streamOf(parts), size)).toEqual(expectedFlowers(0, 1_000))
  expect(await rowsOf(fileOf(parts))).toEqual(expectedFlowers(0, 1_000))
})

test('a table without rows has none, and an end without its mark is an end', async () => {
  expect(await rowsOf(streamOf(flowers(0, 0)))).toEqual([])
  const stream = streamOf(flowers(0, 5))
  expect(await rowsOf(stream.subarray(0, stream.length - 8))).toEqual(expectedFlowers(0, 5))
})

describe('what is damaged is refused', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('a,b\n1,2\n')],
    ['a message of two gigabytes', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127)],
    ['a file that is cut', fileOf(flowers(0, 100)).subarray(0, 900)],
    ['a stream without its schema', streamOf(flowers(0, 100)).subarray(600)],
  ])('%s', async (_, bytes) => {
    await expect(rowsOf(bytes)).rejects.toMatchObject({ code: 'rows_invalid' })
  })

  test('any byte changed gives rows or a refusal that names rows: never anything else', async () => {
    const outcomes = { read: 0, refused: 0 }
    for (const bytes of [streamOf(flowers(0, 9)), fileOf(flowers(0, 3))])
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
    expect(outcomes.refused).toBeGreaterThan(300)
  })

  test.each(['NaN', 'Infinity'])('%s, with its row and column', async (value) => {
    const table = tableFromArrays({ v: Float64Array.of(1, Number(value)) })
    await expect(rowsOf(streamOf(table))).rejects.toMatchObject({
      code: 'rows_invalid',
      details: { row: 2, column: 'v' },
    })
  })

  test('a union, of which a row would not say which one it is', async () => {
    const type = new arrow.DenseUnion([0, 1], [new Field('a', new Int32()), new Field('b', new Utf8())])
    const table = vectorTable(type, [])
    await expect(rowsOf(streamOf(table))).rejects.toMatchObject({ code: 'rows_invalid' })
  })

  test('a batch that states to be longer than its columns are', async () => {
    const bytes = streamOf(tableFromArrays({ v: Int32Array.of(1, 2, 3) }))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    // The number of rows stands in the header of the batch, once more in that of its column, and then the value itself.
    const places = Array.from({ length: bytes.length - 8 }, (_, at) => at).filter(
      (at) => at % 8 === 0 && view.getBigUint64(at, true) === 3n,
    )
    for (const at of places.slice(0, 2)) {
      const changed = bytes.slice()
      new DataView(changed.buffer).setBigUint64(at, 4n, true)
      await expect(rowsOf(changed)).rejects.toMatchObject({
        code: 'rows_invalid',
        shortMessage: expect.stringContaining('equally long'),
      })
    }
  })

  test('two columns of one name', async () => {
    const [one] = vectorTable(new Int32(), [1]).batches
    const children = one?.data.children ?? []
    const schema = new Schema([new Field('v', new Int32(), true), new Field('v', new Int32(), true)])
    const data = makeData({ type: new Struct(schema.fields), length: 1, children: [...children, ...children] } as never)
    await expect(rowsOf(streamOf(new Table(new RecordBatch(schema, data as never))))).rejects.toMatchObject({
      code: 'rows_invalid',
    })
  })
})
