import { AgoraiError } from '@agorai/core'
import type { Database } from '../ports/database.js'
import { type Migration, migrations } from './migrations/index.js'

/** Any number will do that nobody else locks: it keeps two nodes from migrating one schema at the same time. */
const lockKey = 4670

/**
 * Brings the schema up to date, each migration in a transaction of its own together with the record of it.
 *
 * @throws AgoraiError `config_invalid` when the schema was made by a newer release.
 */
export async function migrate(database: Database, steps: readonly Migration[] = migrations): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1::int)', [lockKey])
    await transaction.query('CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL)')
  })
  for (const { number, name, statements } of steps) {
    await database.transaction(async (transaction) => {
      await transaction.query('LOCK TABLE migrations IN EXCLUSIVE MODE')
      const done = await transaction.query('SELECT 1 FROM migrations WHERE number = $1::int', [number])
      if (done.length > 0) return
      for (const statement of statements) await transaction.query(statement)
      await transaction.query('INSERT INTO migrations VALUES ($1::int, $2::text)', [number, name])
    })
  }
  await refuseNewer(database, steps)
}

async function refuseNewer(database: Database, steps: readonly Migration[]): Promise<void> {
  const known = Math.max(0, ...steps.map(({ number }) => number))
  const [newest] = await database.query<{ number: number }>('SELECT max(number) AS number FROM migrations')
  if ((newest?.number ?? 0) <= known) return
  throw new AgoraiError('config_invalid', 'The database was made by a newer release of the node.', {
    field: 'DATABASE_URL',
    details: { found: newest?.number ?? 0, known },
  })
}
