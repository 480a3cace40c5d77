import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../ports/database.js'
import { openPglite } from './pglite.js'
import { openPostgres } from './postgres.js'
import { testEngines } from './testDatabases.js'

const uintMax = 2n ** 256n - 1n

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`a database on ${name}`, () => {
    let database: Database
    beforeAll(async () => {
      database = await open()
      await database.query('CREATE TABLE t (id integer PRIMARY KEY, amount numeric(78,0), word text)')
    })
    afterAll(() => database.close())

    test('gives the same values for the same types', async () => {
      const [row] = await database.query(
        `SELECT 7::int4 AS small, 9007199254740993::int8 AS large, $1::numeric(78,0) AS huge, $2::text AS word,
          $3::jsonb AS document, $4::boolean AS yes, $5::text AS nothing, $6::text[] AS words, count(*) AS count,
          sum(n::numeric(78,0)) AS total
         FROM generate_series(1, 3) AS n`,
        [uintMax, `o'hara "\\ \u2028 é`, '{"a":[1,"2"]}', true, null, ['a', 'b,c', '"d']],
      )
      expect(row).toEqual({
        small: 7,
        large: 9_007_199_254_740_993n,
        huge: uintMax,
        word: `o'hara "\\ \u2028 é`,
        document: { a: [1, '2'] },
        yes: true,
        nothing: null,
        words: ['a', 'b,c', '"d'],
        count: 3n,
        total: 6n,
      })
    })

    test('takes rows as one JSON document', async () => {
      const rows = [
        { id: 1, amount: `${uintMax}`, word: '' },
        { id: 2, amount: '0', word: null },
      ]
      await database.query(
        'INSERT INTO t SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (id integer, amount numeric(78,0), word text)',
        [JSON.stringify(rows)],
      )
      expect(await database.query('SELECT * FROM t ORDER BY id')).toEqual([
        { id: 1, amount: uintMax, word: '' },
        { id: 2, amount: 0n, word: null },
      ])
    })

    test('takes back all of a transaction that throws, and goes on', async () => {
      const failed = database.transaction(async (transaction) => {
        await transaction.query('INSERT INTO t (id) VALUES (10)')
        throw new RangeError('stop')
      })
      await expect(failed).rejects.toThrow('stop')
      const refused = database.transaction(async (transaction) => {
        await transaction.query('INSERT INTO t (id) VALUES (11)')
        await transaction.query('INSERT INTO t (id) VALUES (11)')
      })
      await expect(refused).rejects.toThrow(/duplicate key/)
      const kept = await database.transaction(async (transaction) => {
        await transaction.query('INSERT INTO t (id) VALUES (12)')
        return 'kept'
      })
      expect(kept).toBe('kept')
      expect(await database.query('SELECT id FROM t WHERE id >= 10')).toEqual([{ id: 12 }])
    })

    test('runs parallel transactions one after the other where they meet', async () => {
      await database.query('INSERT INTO t (id, amount) VALUES (20, 0)')
      const add = () =>
        database.transaction((transaction) => transaction.query('UPDATE t SET amount = amount + 1 WHERE id = 20'))
      await Promise.all(Array.from({ length: 20 }, add))
      expect(await database.query('SELECT amount FROM t WHERE id = 20')).toEqual([{ amount: 20n }])
    })

    test('has a schema of its own', async () => {
      const other = await open()
      await expect(other.query('SELECT * FROM t')).rejects.toThrow(/does not exist/)
      await other.close()
    })
  })

test('a schema name that is no plain word is refused before anything is opened', async () => {
  for (const schema of ['', 'a"; DROP SCHEMA public', 'Upper', '1st', 'a'.repeat(64)]) {
    await expect(openPglite({ schema })).rejects.toMatchObject({ code: 'config_invalid' })
    await expect(openPostgres({ url: 'postgres://nowhere.invalid/x', schema })).rejects.toMatchObject({
      code: 'config_invalid',
    })
  }
})

test('a server that does not answer is named as such', async () => {
  const opening = openPostgres({ url: 'postgres://postgres@127.0.0.1:1/postgres', schema: 'a' })
  await expect(opening).rejects.toMatchObject({ code: 'database_unavailable' })
})
