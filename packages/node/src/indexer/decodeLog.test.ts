import { accessMarketAbi, assetOfOffer, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import fc from 'fast-check'
import type { AbiParameter, Hex } from 'viem'
import { decodeEventLog, encodeAbiParameters, encodeEventTopics } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import { createWriter, wordColumn, writeWord } from './decodeLog.js'
import { createDecoder, type EventRows } from './events.js'
import { type EventTable, eventTableNames, shapeOf } from './eventTables.js'
import { linesOf, testAddress, testHash } from './testRanges.js'
import { scanned } from './testServer.js'

const addresses = { assetRegistry: testAddress(1), revenueLedger: testAddress(2), accessMarket: testAddress(3) }
const abis = { assetRegistry: assetRegistryAbi, revenueLedger: revenueLedgerAbi, accessMarket: accessMarketAbi }
const decoder = createDecoder(addresses)

type Input = AbiParameter & { indexed?: boolean; components?: readonly Input[] }

/** Days and places, which are small whatever their type says, are columns of 64 bits and less. */
const bitsOf = ({ name, type }: Input) => (name === 'day' ? 40 : name === 'index' ? 16 : Number(type.slice(4)))

function arbitraryOf(input: Input): fc.Arbitrary<unknown> {
  const { type, components = [] } = input
  if (type.endsWith('[]')) return fc.array(arbitraryOf({ ...input, type: type.slice(0, -2) }), { maxLength: 20 })
  if (type === 'tuple') return fc.record(Object.fromEntries(components.map((each) => [each.name, arbitraryOf(each)])))
  if (type === 'bool') return fc.boolean()
  if (type === 'address') return hexOf(20)
  if (type === 'bytes32') return hexOf(32)
  const bits = bitsOf(input)
  // Small numbers and the largest are written in ways of their own.
  const numbers = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** BigInt(Math.min(bits, 49)) - 1n }),
    fc.constant(2n ** BigInt(bits) - 1n),
  )
  return Number(type.slice(4)) <= 48 ? numbers.map(Number) : numbers
}

const hexOf = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => `0x${Buffer.from(value).toString('hex')}`)

const itemOf = (table: EventTable) => {
  const { contract, eventName } = shapeOf(table)
  const item = abis[contract].find((entry) => entry.type === 'event' && entry.name === eventName)
  if (item?.type !== 'event') throw new Error(`no event ${eventName}`)
  return item
}

function logOf(table: EventTable, args: Record<string, unknown>) {
  const item = itemOf(table)
  const inputs = item.inputs as readonly Input[]
  const data = inputs.filter(({ indexed }) => !indexed)
  return {
    address: addresses[shapeOf(table).contract],
    topics: encodeEventTopics({ abi: [item], args } as never) as [Hex, ...Hex[]],
    data: encodeAbiParameters(
      data,
      data.map(({ name }) => args[name ?? '']),
    ),
    blockNumber: '0x7',
    blockHash: testHash('block'),
    transactionHash: testHash('transaction'),
    logIndex: '0x3',
  }
}

/** What viem reads, as text. */
function expected(table: EventTable, { topics, data }: ReturnType<typeof logOf>): unknown[] {
  const { args } = decodeEventLog({ abi: abis[shapeOf(table).contract], topics, data }) as { args: unknown }
  return Object.entries(shapeOf(table).columns).map(([name, { path }]) => {
    let value = args
    for (const part of path.split('.')) value = (value as Record<string, unknown>)[part]
    if (name === 'asset' && path === 'offerId') return `${assetOfOffer(value as bigint)}`
    if (typeof value === 'boolean') return value ? 't' : 'f'
    if (!Array.isArray(value)) return `${value}`.toLowerCase()
    const key = { royalties: 'ancestor', supplies: 'supplier' }[name]
    return value.map((each) => {
      if (typeof each === 'bigint') return `${each}`
      return key === undefined ? each : { [key]: `${each.version}`, bps: each.bps }
    })
  })
}

function decode(log: object): EventRows {
  const rows: EventRows = new Map()
  decoder.decode(scanned(log), 0, { block: 7, index: 3 }, rows)
  return rows
}

const read = (text: string): unknown => (text.startsWith('[') ? JSON.parse(text) : text)

describe('the decoder', () => {
  test.each(eventTableNames)('reads %s as viem does', (table) => {
    const inputs = itemOf(table).inputs as readonly Input[]
    const args = fc.record(Object.fromEntries(inputs.map((input) => [input.name, arbitraryOf(input)])))
    fc.assert(
      fc.property(args, (values) => {
        const log = logOf(table, values)
        const rows = decode(log)
        expect([...rows.keys()]).toEqual([table])
        const [block, index, transaction, ...columns] = linesOf(rows, table).trimEnd().split('\t')
        expect([block, index, transaction]).toEqual(['7', '3', log.transactionHash])
        expect(columns.map(read)).toEqual(expected(table, log))
      }),
      { numRuns: 60 },
    )
  })

  test('refuses a log that is cut short anywhere, or that claims a list that is longer than all of it', () => {
    const log = logOf('edges_drawn', {
      version: 9n,
      parents: [1n, 2n],
      suppliers: [3n],
      royalties: [{ version: 1n, bps: 100 }],
      supplies: [],
    })
    const whole = log.data.length
    for (let length = 2; length < whole; length += 64)
      expect(() => decode({ ...log, data: log.data.slice(0, length) as Hex })).toThrow(/another form/)
    const lengthAt = 2 + 4 * 64
    const huge = `${log.data.slice(0, lengthAt)}${'f'.repeat(64)}${log.data.slice(lengthAt + 64)}` as Hex
    expect(() => decode({ ...log, data: huge })).toThrow(/another form/)
    expect(() => decode({ ...log, topics: log.topics.slice(0, 1) })).toThrow(/another form/)
  })

  test('refuses what is no hex, and a hash of another length', () => {
    const log = logOf('revenue_accrued', { asset: 7n, token: testAddress(4), version: 9n, day: 3n, amount: 5n })
    const bad: object[] = [
      { data: `${log.data.slice(0, -1)}g` },
      { data: `${log.data.slice(0, -1)}\t` },
      { data: log.data.slice(2) },
      { transactionHash: log.transactionHash.slice(0, -1) },
      { transactionHash: `${log.transactionHash.slice(0, -1)}\\` },
      { topics: log.topics.map((topic, at) => (at === 1 ? `${topic}0` : topic)) },
    ]
    for (const part of bad)
      expect(() => decode({ ...log, ...part }), JSON.stringify(part)).toThrow(ChainInconsistentError)
  })

  test('refuses to be made for an argument that there is not, or that is of a type that is not read', () => {
    const column = wordColumn('text', writeWord)
    expect(() => createWriter([{ name: 'a', type: 'uint256' }], [column('b')])).toThrow(TypeError)
    expect(() => createWriter([{ name: 'a', type: 'string' }], [column('a')])).toThrow(TypeError)
  })
})
