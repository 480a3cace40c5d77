import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, testEngines } from '../adapters/database/testDatabases.js'
import type { Database } from '../ports/database.js'
import { eventTableNames, eventTables } from './events.js'
import { migrate } from './migrate.js'
import { migrations } from './migrations/index.js'

for (const { name, missing, open } of await testEngines(process.env.DATABASE_URL))
  describe.skipIf(missing !== undefined)(`migrations on ${name}`, () => {
    let database: Database
    beforeAll(async () => {
      database = await open()
    })
    beforeEach(() => emptyDatabase(database))
    afterAll(() => database.close())

    test('run once, in order, however many ask', async () => {
      await Promise.all([migrate(database), migrate(database), migrate(database)])
      const recorded = await database.query('SELECT number, name FROM migrations ORDER BY number')
      expect(recorded).toEqual(migrations.map(({ number, name }) => ({ number, name })))
      expect(recorded.map(({ number }) => number)).toEqual(recorded.map((_, index) => index + 1))
    })

    test('make a table for every event, with the columns that the decoder fills', async () => {
      await migrate(database)
      for (const table of eventTableNames) {
        const columns = await database.query<{ column_name: string }>(
          `SELECT column_name FROM information_schema.columns
           WHERE table_schema = current_schema() AND table_name = $1::text ORDER BY ordinal_position`,
          [table],
        )
        expect(columns.map(({ column_name }) => column_name)).toEqual([
          'block_number',
          'log_index',
          'transaction_hash',
          ...Object.keys(eventTables[table].columns),
        ])
      }
    })

    test('one that fails leaves nothing behind, and is tried again', async () => {
      const good = { number: 1, name: 'good', statements: ['CREATE TABLE a (x integer)'] }
      const bad = { number: 2, name: 'bad', statements: ['CREATE TABLE b (x integer)', 'CREATE TABLE a (x integer)'] }
      await expect(migrate(database, [good, bad])).rejects.toThrow(/already exists/)
      await expect(database.query('SELECT * FROM b')).rejects.toThrow(/does not exist/)
      const mended = { number: 2, name: 'mended', statements: ['CREATE TABLE b (x integer)'] }
      await migrate(database, [good, mended])
      expect(await database.query('SELECT * FROM b')).toEqual([])
    })

    test('a schema of a newer release is refused', async () => {
      await migrate(database)
      await database.query("INSERT INTO migrations VALUES (99, 'later')")
      await expect(migrate(database)).rejects.toMatchObject({ code: 'config_invalid' })
    })
  })
