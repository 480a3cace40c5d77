import { accessMarketAbi, assetRegistryAbi, revenueLedgerAbi } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { encodeAbiParameters, encodeEventTopics, numberToHex } from 'viem/utils'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, testEngines } from '../adapters/database/testDatabases.js'
import type { Database } from '../ports/database.js'
import { createDecoder, type EventRows } from './events.js'
import { eventTableNames, shapeOf } from './eventTables.js'
import { columnsOf, createSchema, indexName, schemaStatements } from './schema.js'
import { commitRange } from './store.js'
import { insertTestDeployment, linesOf, testAddress, testBlock } from './testRanges.js'
import { scanned } from './testServer.js'

const addresses = { assetRegistry: testAddress(101), revenueLedger: testAddress(102), accessMarket: testAddress(103) }
const abis = { assetRegistry: assetRegistryAbi, revenueLedger: revenueLedgerAbi, accessMarket: accessMarketAbi }

type Parameter = { name?: string; type: string; indexed?: boolean; components?: readonly Parameter[] }

/** Arguments that are small whatever their type says: a place among four liens, a day since 1970. */
const smallArguments = ['index', 'day']

/** A value of a type that is like no other value. */
function sample({ name, type, components = [] }: Parameter, salt: number): unknown {
  if (name !== undefined && smallArguments.includes(name)) return BigInt(salt)
  if (type.endsWith('[]')) return [0, 1].map((each) => sample({ type: type.slice(0, -2), components }, salt + each))
  if (type === 'tuple') return Object.fromEntries(components.map((each, i) => [each.name, sample(each, salt + i)]))
  if (type === 'bool') return true
  if (type === 'address') return numberToHex(0xabc0000 + salt, { size: 20 })
  if (type === 'bytes32') return numberToHex(0xdef0000 + salt, { size: 32 })
  // Small types hold small numbers; the largest tells whether a column has room for it.
  if (type === 'uint256' || type === 'uint128') return 2n ** BigInt(type.slice(4)) - 1n - BigInt(salt)
  return type === 'uint8' || type === 'uint16' || type === 'uint32' || type === 'uint40' ? salt + 1 : BigInt(salt)
}

/** A log as the chain has it, of an event with sample values. */
function sampleLog(contract: keyof typeof abis, eventName: string) {
  const item = abis[contract].find((entry) => entry.type === 'event' && entry.name === eventName)
  if (item?.type !== 'event') throw new Error(`no event ${eventName}`)
  const inputs = (item.inputs as readonly Parameter[]).map((input, i) => ({ input, value: sample(input, 10 * i) }))
  const args = Object.fromEntries(inputs.map(({ input, value }) => [input.name, value]))
  const data = inputs.filter(({ input }) => input.indexed !== true)
  return {
    address: addresses[contract] as Address,
    topics: encodeEventTopics({ abi: [item], eventName, args } as never) as [Hex],
    data: encodeAbiParameters(data.map(({ input }) => input) as never, data.map(({ value }) => value) as never),
    blockNumber: '0x1',
    logIndex: '0x0',
    transactionHash: `0x${'77'.repeat(32)}` as Hex,
    blockHash: `0x${'88'.repeat(32)}` as Hex,
    transactionIndex: 0,
    removed: false,
  }
}

/** The server orders the keys of its JSON, and writes booleans whole. */
const comparable = (text: string): unknown =>
  text.startsWith('[') ? JSON.parse(text) : text === 'true' ? 't' : text === 'false' ? 'f' : text

/** Events of the standards that the registry follows; nothing of ours is in them. */
const standard = ['Approval', 'ApprovalForAll', 'MetadataUpdate', 'BatchMetadataUpdate']

test('every event of the contracts has a table', () => {
  const kept = eventTableNames.map((table) => `${shapeOf(table).contract} ${shapeOf(table).eventName}`)
  const emitted = Object.entries(abis).flatMap(([contract, abi]) =>
    abi.flatMap((entry) =>
      entry.type === 'event' && !standard.includes(entry.name) ? [`${contract} ${entry.name}`] : [],
    ),
  )
  expect(kept.sort()).toEqual(emitted.sort())
  expect(kept.length).toBeGreaterThan(25)
})

test('an index has another name for another deployment, chain, start, operator or schema', () => {
  const own = { chainId: 1, addresses, startBlock: 5n }
  const names = [
    own,
    { ...own, chainId: 2 },
    { ...own, startBlock: 6n },
    { ...own, operator: testAddress(1) },
    { ...own, operator: testAddress(2) },
    ...(Object.keys(addresses) as (keyof typeof addresses)[]).map((name) => ({
      ...own,
      addresses: { ...addresses, [name]: testAddress(9) },
    })),
  ].map(indexName)
  expect(new Set(names).size).toBe(names.length)
  expect(names[0]).toMatch(/^agorai_1_[0-9a-f]{16}$/)
  const spelled = Object.fromEntries(Object.entries(addresses).map(([name, address]) => [name, address.toUpperCase()]))
  expect(indexName({ ...own, addresses: spelled as typeof addresses })).toBe(names[0])
})

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`the schema on ${name}`, () => {
    let database: Database
    beforeAll(async () => {
      database = await open()
    })
    beforeEach(() => emptyDatabase(database))
    afterAll(() => database.close())

    test('is made once, however many ask', async () => {
      await Promise.all([createSchema(database), createSchema(database), createSchema(database)])
      await insertTestDeployment(database, testAddress(8))
      await createSchema(database)
      expect(await database.query('SELECT chain_id FROM progress')).toEqual([{ chain_id: 31_337n }])
    })

    test('that cannot be made whole is not there at all, and is tried again', async () => {
      await expect(createSchema(database, [...schemaStatements, 'CREATE TABLE blocks (x integer)'])).rejects.toThrow(
        /already exists/,
      )
      await expect(database.query('SELECT * FROM blocks')).rejects.toThrow(/does not exist/)
      await createSchema(database)
      expect(await database.query('SELECT * FROM blocks')).toEqual([])
    })

    test('keeps every event as the chain tells it', async () => {
      await createSchema(database)
      await insertTestDeployment(database, testAddress(8))
      const decoder = createDecoder(addresses)
      const rows: EventRows = new Map()
      for (const [index, table] of eventTableNames.entries()) {
        const { contract, eventName } = shapeOf(table)
        expect(decoder.decode(scanned(sampleLog(contract, eventName)), 0, { block: 1, index }, rows), eventName).toBe(
          true,
        )
        expect([...rows.keys()].at(-1)).toBe(table)
      }
      await commitRange(database, undefined, { ...testBlock(1n, []), rows }, 0n)
      for (const table of eventTableNames) {
        const columns = Object.keys(columnsOf(table)).map((column) => `${column}::text`)
        const [kept] = await database.query<{ values: string[] }>(`SELECT ARRAY[${columns}] AS values FROM ${table}`)
        expect(kept?.values.map(comparable), table).toEqual(linesOf(rows, table).trimEnd().split('\t').map(comparable))
      }
    })
  })
