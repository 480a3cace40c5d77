import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Address, type Hex, pad, toHex } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../ports/database.js'
import type { DeliveryGranted } from '../../ports/journal.js'
import { openPostgres } from '../database/postgres.js'
import { testEngines } from '../database/testDatabases.js'
import { type Cut, startCuttingProxy } from '../database/testProxy.js'
import { createKeyStore } from '../keys/createKeyStore.js'
import { openMasterKeys } from '../keys/masterKeys.js'
import { openPostgresKeyDocuments } from '../keys/postgresKeyDocuments.js'
import { erasureOf, freshFacts, freshSecrets } from '../keys/testKeys.js'
import { openPostgresJournal } from './postgresJournal.js'

/**
 * P10 in PostgreSQL: a connection that breaks at a commit leaves whoever waited without knowing whether it was done. Asked
 * again, it is done once; and what was acknowledged stays.
 */

const server = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')?.url
const holder: Address = '0x00000000000000000000000000000000000000Aa'
const idOf = (n: number): Hex => pad(toHex(n))
const grant = (nonce: number): DeliveryGranted => ({
  ...{ kind: 'delivery-granted', holder, nonce: idOf(nonce), requestDigest: idOf(nonce), expiry: 2_000_000_000 },
  ...{ commitment: idOf(9), grant: {} as DeliveryGranted['grant'] },
})
const cuts: readonly Cut[] = ['before COMMIT', 'after COMMIT', 'after its answer']
const unavailable = { code: 'database_unavailable' }

let proxy: Awaited<ReturnType<typeof startCuttingProxy>>
let direct: Database
let cut: Database
/** As PostgreSQL lists the connections that go through the proxy. */
let application: string
beforeEach(async () => {
  if (server === undefined) return
  const schema = `test_${randomBytes(8).toString('hex')}`
  application = schema
  proxy = await startCuttingProxy(server)
  direct = await openPostgres({ url: server, schema })
  const url = new URL(proxy.url)
  url.searchParams.set('application_name', application)
  cut = await openPostgres({ url: url.href, schema })
})
afterEach(async () => {
  if (server === undefined) return
  await cut.close()
  await direct.query('SELECT 1')
  await direct.query(`DROP SCHEMA "${application}" CASCADE`)
  await direct.close()
  await proxy.stop()
})

/** Ends the connections of the journal as an administrator, or a server that restarts, does. @returns How many. */
const terminate = async (): Promise<number> =>
  (
    await direct.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
      [application],
    )
  ).length

describe.skipIf(server === undefined)('a connection that breaks', { timeout: 120_000 }, () => {
  test.each(cuts)('%s of a record: appended again, it stands once, and what was acknowledged stays', async (where) => {
    const journal = await openPostgresJournal(cut)
    const acknowledged: DeliveryGranted[] = []
    for (let nonce = 0; nonce < 20; nonce++) {
      const record = grant(nonce)
      if (nonce % 2 === 0) {
        proxy.cutAtNextCommit(where)
        await expect(journal.append(record)).rejects.toMatchObject(unavailable)
      }
      expect(await journal.append(record)).toEqual(record)
      acknowledged.push(record)
    }
    expect(proxy.cuts()).toBe(10)
    const found: unknown[] = []
    for await (const record of (await openPostgresJournal(direct)).replay()) found.push(record)
    expect(found).toEqual(acknowledged)
  })

  test.each(cuts)('%s of a key: put again it is there, and destroyed again it is gone', async (where) => {
    const folder = await mkdtemp(join(tmpdir(), 'agorai-cut-keys-'))
    const masterKeys = await openMasterKeys(join(folder, 'master.json'), {
      protection: { by: 'file' },
      isFirstStart: true,
    })
    const keys = createKeyStore(await openPostgresKeyDocuments(cut), masterKeys)
    const read = createKeyStore(await openPostgresKeyDocuments(direct), masterKeys)
    for (let round = 0; round < 5; round++) {
      const facts = freshFacts()
      const secrets = [freshSecrets(), freshSecrets()]
      proxy.cutAtNextCommit(where)
      await expect(keys.put({ ...facts, secrets })).rejects.toMatchObject(unavailable)
      await keys.put({ ...facts, secrets })
      expect(await read.get(facts.commitment)).toEqual({ ...facts, secrets, erasures: [] })
      proxy.cutAtNextCommit(where)
      await expect(keys.destroy(facts.commitment, erasureOf(1))).rejects.toMatchObject(unavailable)
      expect(await keys.destroy(facts.commitment, erasureOf(1))).toBe(true)
      const left = await read.get(facts.commitment)
      expect([left?.secrets, left?.erasures.length]).toEqual([[secrets[0], null], 1])
    }
    await rm(folder, { recursive: true })
  })

  test('while many append: what failed can be appended again, and nothing that was acknowledged is lost', async () => {
    const journal = await openPostgresJournal(cut)
    const acknowledged = new Set<Hex>()
    let failed = 0
    let ended = 0
    let nonce = 0
    const append = async (record: DeliveryGranted): Promise<void> => {
      try {
        expect(await journal.append(record)).toEqual(record)
        acknowledged.add(record.nonce)
      } catch (error) {
        expect(error).toMatchObject(unavailable)
        failed += 1
        await append(record)
      }
    }
    const writers = Array.from({ length: 8 }, async () => {
      while (ended < 12) await append(grant(nonce++))
    })
    while (ended < 12) ended += await terminate()
    await Promise.all(writers)
    expect(failed).toBeGreaterThan(0)
    const found: Hex[] = []
    for await (const record of (await openPostgresJournal(direct)).replay())
      found.push((record as DeliveryGranted).nonce)
    expect(found).toHaveLength(nonce)
    expect(new Set(found)).toEqual(acknowledged)
  })
})
