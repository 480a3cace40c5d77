import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { testEngines } from '../adapters/database/testDatabases.js'
import { holdGatewayName } from './gatewayName.js'

const databaseUrl = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')?.url ?? ''

const nameOf = (gateway: string): string => `agorai gateway ${gateway}`

/** Asks this of the connections that hold the name. @returns How many there are. */
async function holders(gateway: string, what: 'pid' | 'pg_terminate_backend(pid)' = 'pid'): Promise<number | null> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rowCount } = await client.query(
    `SELECT ${what} FROM pg_locks, hashtextextended($1, 0) AS key
     WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32 | objid::bigint) = key`,
    [nameOf(gateway)],
  )
  await client.end()
  return rowCount
}

/** Ends the connection that holds the name, as a server does that is restarted. */
async function cut(gateway: string): Promise<void> {
  expect(await holders(gateway, 'pg_terminate_backend(pid)')).toBe(1)
}

describe.skipIf(databaseUrl === '')('the name of a gateway', () => {
  const holding = (gateway: string, told: string[], waitMs = 500) =>
    holdGatewayName({
      databaseUrl,
      gateway,
      waitMs,
      onProgress: (message) => told.push(message),
      onFailed: ({ code }) => told.push(code),
    })

  test('is held by one process; the next may have it once that one has ended', async () => {
    const gateway = randomBytes(8).toString('hex')
    const told: string[] = []
    const release = await holding(gateway, told)
    await expect(holding(gateway, told)).rejects.toMatchObject({ code: 'config_invalid', field: 'AGORAI_DATA_DIR' })
    expect(told).toEqual([expect.stringContaining(gateway)])
    const next = holding(gateway, told, 20_000)
    await expect.poll(() => told.length).toBe(2)
    await release()
    await (await next)()
  })

  test('is taken again when the connection was lost', async () => {
    const gateway = randomBytes(8).toString('hex')
    const told: string[] = []
    const release = await holding(gateway, told)
    await cut(gateway)
    await expect.poll(() => holders(gateway), { timeout: 5_000 }).toBe(1)
    expect(told).toEqual([])
    await release()
  })

  test('who loses it to another process is told', async () => {
    const gateway = randomBytes(8).toString('hex')
    const told: string[] = []
    const release = await holding(gateway, told)
    const other = new pg.Client({ connectionString: databaseUrl })
    await other.connect()
    // It stands in the server's queue, so the name is its as soon as the connection is cut.
    const taken = other.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [nameOf(gateway)])
    await cut(gateway)
    await taken
    await expect.poll(() => told, { timeout: 5_000 }).toEqual([expect.stringContaining(gateway), 'config_invalid'])
    await release()
    await other.end()
  })
})
