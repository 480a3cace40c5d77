import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, testEngines } from '../adapters/database/testDatabases.js'
import type { Database } from '../ports/database.js'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import { dumpIndex } from './dumpIndex.js'
import { createSchema } from './schema.js'
import { commitRange, readCursor, reorgDepthMax, rollBack } from './store.js'
import {
  insertTestDeployment,
  linesOf,
  rowsOf,
  type TestEvent,
  testAddress,
  testBlock,
  testHeader,
} from './testRanges.js'

const transfer = (asset: number, to: number): TestEvent => ({
  table: 'asset_transferred',
  values: { sender: testAddress(0), recipient: testAddress(to), asset: `${asset}` },
})

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`the store on ${name}`, () => {
    let database: Database
    beforeAll(async () => {
      database = await open()
    })
    beforeEach(async () => {
      await emptyDatabase(database)
      await createSchema(database)
      await insertTestDeployment(database, testAddress(8))
    })
    afterAll(() => database.close())

    /** Appends blocks one by one; every third has an event. */
    async function append(from: number, to: number, fork = 'main', forkedAt = 0n): Promise<void> {
      for (let number = from; number <= to; number++) {
        const { tip } = await readCursor(database)
        const events = number % 3 === 0 ? [transfer(number % 5, number)] : []
        const finalised = BigInt(number) - reorgDepthMax
        await commitRange(database, tip?.hash, testBlock(BigInt(number), events, fork, forkedAt), finalised)
      }
    }
    const tipHash = async () => (await readCursor(database)).tip?.hash ?? '0x'

    test('keeps headers without events only while a reorg may reach them', async () => {
      await append(1, 100)
      const kept = await database.query<{ number: bigint }>('SELECT number FROM blocks ORDER BY number')
      const heights = Array.from({ length: 100 }, (_, index) => BigInt(index + 1))
      expect(kept.map(({ number }) => number)).toEqual(
        heights.filter((number) => number >= 100n - reorgDepthMax || number % 3n === 0n),
      )
      expect(await readCursor(database)).toEqual({
        tip: { number: 100n, hash: testHeader(100n).hash, finalised: 36n },
        finalised: 36n,
      })
    })

    test('a rollback leaves what a fresh index of the shorter chain has', async () => {
      await append(1, 90)
      const expected = await dumpIndex(database)
      await append(91, 130)
      const window = Array.from({ length: 40 }, (_, index) => BigInt(26 + index)).filter((number) => number % 3n !== 0n)
      const fork = testHeader(90n)
      await rollBack(
        database,
        await tipHash(),
        fork,
        window.map((number) => testHeader(number)),
      )
      expect(await dumpIndex(database)).toBe(expected)
      expect((await readCursor(database)).finalised).toBe(66n)
    })

    test('a rollback to nothing leaves nothing', async () => {
      const expected = await dumpIndex(database)
      await append(1, 10)
      await rollBack(database, await tipHash(), undefined, [])
      expect(await dumpIndex(database)).toBe(expected)
      expect((await readCursor(database)).tip).toBeUndefined()
    })

    test('of two writers the one with an old cursor changes nothing', async () => {
      await append(1, 5)
      const before = await dumpIndex(database)
      const old = testHeader(4n).hash
      const stale = [
        () => commitRange(database, old, testBlock(6n, [transfer(1, 1)]), 0n),
        () => commitRange(database, undefined, testBlock(6n, []), 0n),
        () => rollBack(database, old, testHeader(3n), []),
      ]
      for (const attempt of stale) await expect(attempt()).rejects.toBeInstanceOf(ChainInconsistentError)
      expect(await dumpIndex(database)).toBe(before)
    })

    test('a range that cannot be written whole is not written at all', async () => {
      await append(1, 5)
      const before = await dumpIndex(database)
      const { headers, rows } = testBlock(6n, [transfer(1, 1)])
      const line = linesOf(rows, 'asset_transferred')
      const twice = { headers, rows: new Map([['asset_transferred', rowsOf(`${line}${line}`)] as const]) }
      await expect(commitRange(database, await tipHash(), twice, 0n)).rejects.toThrow(/duplicate/)
      expect(await dumpIndex(database)).toBe(before)
    })

    test('a block with more events than one statement takes is whole', async () => {
      const events = Array.from({ length: 10_000 }, (_, index) => transfer(index, index % 200))
      await commitRange(database, undefined, testBlock(1n, events), 0n)
      expect(await database.query('SELECT count(*), sum(asset) AS sum FROM asset_transferred')).toEqual([
        { count: 10_000n, sum: 49_995_000n },
      ])
      expect(await database.query('SELECT count(*) FROM asset_owners')).toEqual([{ count: 10_000n }])
    })
  })
