import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgoraiError } from '@agorai/core'
import { openPglite } from '../adapters/database/pglite.js'
import { openPostgres } from '../adapters/database/postgres.js'
import { takeLock } from '../adapters/database/postgresLock.js'
import type { NodeConfig } from '../config.js'
import type { Catalogue, IndexHealth } from '../ports/catalogue.js'
import type { Chain } from '../ports/chain.js'
import type { Database } from '../ports/database.js'

/** An index of the given name, which is made from the chain when there is none. */
export async function openDatabase({ databaseUrl, dataFolder, fresh }: NodeConfig, name: string): Promise<Database> {
  if (databaseUrl === undefined) {
    const folder = join(dataFolder, 'index')
    // Nobody else opens this folder, so what has another name is of no use any more.
    const others = (await readdir(folder).catch(() => [])).filter((entry) => entry !== name)
    for (const other of others) await rm(join(folder, other), { recursive: true, force: true })
    return openPglite({ folder: join(folder, name), schema: name })
  }
  const database = await openPostgres({ url: databaseUrl, schema: name })
  if (fresh) {
    await database.query(`DROP SCHEMA "${name}" CASCADE`)
    await database.query(`CREATE SCHEMA "${name}"`)
  }
  return database
}

/** Indexes that nodes of other releases made: only people know whether any of these nodes still runs. */
export async function nameOtherIndexes(
  database: Database,
  chainId: number,
  onProgress: (message: string) => void,
): Promise<void> {
  const rows = await database.query<{ name: string }>(
    `SELECT schema_name AS name FROM information_schema.schemata
     WHERE schema_name ~ $1::text AND schema_name <> current_schema() ORDER BY name`,
    [`^agorai_${chainId}(_|$)`],
  )
  const names = rows.map(({ name }) => name).join(', ')
  if (names !== '')
    onProgress(`The database has indexes of other releases, too; drop them when they are not used: ${names}.`)
}

/** Indexes as soon as no other process does: of several indexers of one index one writes, the others stand by. */
export function leadIndex(
  { databaseUrl }: NodeConfig,
  name: string,
  lead: { start(): void; onWaiting(): void; onLost(error: AgoraiError): void },
): { leads(): boolean; release(): Promise<void> } {
  let leads = false
  const start = () => {
    leads = true
    lead.start()
  }
  if (databaseUrl === undefined) {
    // A database in a folder is this process's alone.
    start()
    return { leads: () => leads, release: async () => {} }
  }
  const lock = takeLock({ url: databaseUrl, name, onWaiting: lead.onWaiting, onLost: lead.onLost })
  void lock.held.then(start)
  return { leads: () => leads, release: lock.release }
}

/** How the index is doing where another process makes it: as the database and the chain say. */
export const watchIndex =
  (catalogue: Catalogue, chain: Chain): (() => Promise<IndexHealth>) =>
  async () => {
    const [indexedBlock, head] = await Promise.all([
      catalogue.indexedBlock(),
      chain.publicClient.getBlockNumber({ cacheTime: 1_000 }),
    ])
    return { state: 'following', indexedBlock, headBlock: Number(head), failures: 0 }
  }
