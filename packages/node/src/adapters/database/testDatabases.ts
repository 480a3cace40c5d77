import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Database } from '../../ports/database.js'
import { openPglite } from './pglite.js'
import { openPostgres } from './postgres.js'

export type TestEngine = {
  name: string
  /** Why there is none here; undefined when `open` works. */
  missing: string | undefined
  /** Where it is, when it is served. */
  url?: string
  /** An empty database, which is gone when it is closed. */
  open: () => Promise<Database>
}

/** Where a PostgreSQL for tests may be when none is named. */
const usualUrls = ['postgres://postgres@127.0.0.1:5432/postgres', 'postgres://root@127.0.0.1:5432/test']

/**
 * The engines that every schema and repository test runs on.
 *
 * @param databaseUrl A PostgreSQL; when none is named the usual places are tried.
 */
export async function testEngines(databaseUrl: string | undefined): Promise<TestEngine[]> {
  const url = await findPostgres(databaseUrl === undefined ? usualUrls : [databaseUrl])
  return [
    { name: 'PGlite', missing: undefined, open: () => openPglite({ schema: randomSchema() }) },
    {
      name: 'Postgres',
      missing: url === undefined ? 'no PostgreSQL answers' : undefined,
      ...(url === undefined ? {} : { url }),
      open: () => openOwnSchema(url ?? ''),
    },
  ]
}

const randomSchema = () => `test_${randomBytes(8).toString('hex')}`

async function findPostgres(urls: readonly string[]): Promise<string | undefined> {
  for (const url of urls) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    client.on('error', () => {})
    const answers = await client.connect().then(
      () => true,
      () => false,
    )
    await client.end().catch(() => {})
    if (answers) return url
  }
  return undefined
}

async function openOwnSchema(url: string): Promise<Database> {
  const schema = randomSchema()
  const database = await openPostgres({ url, schema })
  return {
    ...database,
    close: async () => {
      await database.query(`DROP SCHEMA "${schema}" CASCADE`)
      await database.close()
    },
  }
}

/** Takes everything out of a test database: faster than opening another. */
export async function emptyDatabase(database: Database): Promise<void> {
  const [row] = await database.query<{ schema: string }>('SELECT current_schema() AS schema')
  await database.query(`DROP SCHEMA "${row?.schema}" CASCADE`)
  await database.query(`CREATE SCHEMA "${row?.schema}"`)
}
