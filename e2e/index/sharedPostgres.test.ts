import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Deployment, deployments, nodeInfoSchema } from '@agorai/core'
import { startNode } from '@agorai/node'
import pg from 'pg'
import type { Address } from 'viem'
import { describe, expect, test } from 'vitest'
import { testEngines } from '../../packages/node/src/adapters/database/testDatabases.js'
import { readConfig } from '../../packages/node/src/config.js'
import { indexName } from '../../packages/node/src/indexer/schema.js'

const engine = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')
const url = engine?.url

/** A whole node whose index is in PostgreSQL. */
async function startOn(databaseUrl: string | undefined, dataFolder: string) {
  const { config } = readConfig(['--port', '0', '--data-dir', dataFolder], {})
  return startNode({ ...config, confirmations: 0, databaseUrl, webFolder: join(dataFolder, 'web') })
}

const getJson = async (node: { url: string }, path: string): Promise<unknown> =>
  (await fetch(`${node.url}/api/v1/${path}`)).json()

const indexNameOf = (operator: Address) =>
  indexName({ chainId: 31_337, addresses: deployments[31_337] as Deployment, startBlock: 0n, operator })

const healthOf = async (node: { url: string }) =>
  (await getJson(node, 'health')) as { index: string; indexedBlock: number; headBlock: number }

describe.skipIf(url === undefined)('nodes on one PostgreSQL', () => {
  test('each indexes its own local chain, and finds it again after a restart', { timeout: 180_000 }, async () => {
    const folders = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'agorai-postgres-')))
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const schemas: string[] = []
    try {
      for (const round of ['first start', 'restart']) {
        const nodes = await Promise.all(folders.map((folder) => startOn(url, folder)))
        for (const node of nodes) {
          const { operator } = nodeInfoSchema.parse(await getJson(node, 'node'))
          if (round === 'first start') schemas.push(indexNameOf(operator.address))
          await expect.poll(() => healthOf(node), { timeout: 30_000 }).toMatchObject({ index: 'following' })
          const { indexedBlock, headBlock } = await healthOf(node)
          expect(indexedBlock, round).toBe(headBlock)
          expect(indexedBlock).toBeGreaterThan(3)
        }
        for (const node of nodes) await node.stop()
      }
      const { rows } = await client.query(
        'SELECT schema_name FROM information_schema.schemata WHERE schema_name = ANY ($1)',
        [schemas],
      )
      expect(rows).toHaveLength(2)
    } finally {
      for (const schema of schemas) await client.query(`DROP SCHEMA "${schema}" CASCADE`)
      await client.end()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    }
  })
})
