import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openPglite } from '../../packages/node/src/adapters/database/pglite.js'
import { emptyDatabase } from '../../packages/node/src/adapters/database/testDatabases.js'
import { createIndexer } from '../../packages/node/src/indexer/createIndexer.js'
import { dumpIndex } from '../../packages/node/src/indexer/dumpIndex.js'
import { eventTableNames } from '../../packages/node/src/indexer/eventTables.js'
import type { Database } from '../../packages/node/src/ports/database.js'
import { createRandom } from './random.js'
import { startTestChain, type TestChain } from './testChain.js'

/** kill -9 at the index cursor: a real process, killed between its writes and their commit, starts again clean. */

const child = fileURLToPath(new URL('./indexChild.ts', import.meta.url))
const none = { get: async () => undefined }
const random = createRandom(11)

let chain: TestChain
let fresh: Database
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'agorai-index-'))
  ;[chain, fresh] = await Promise.all([startTestChain(), openPglite({ schema: 'agorai' })])
}, 120_000)
afterAll(async () => {
  await Promise.all([chain.kill(), fresh.close()])
  rmSync(folder, { recursive: true, force: true })
})

type Child = { process: ChildProcess; ended: Promise<string | number | null>; said: (word: string) => Promise<void> }

function start(statement?: number): Child {
  const args = ['--import', 'tsx', '--conditions', '@agorai/source', child]
  args.push(join(folder, 'pglite'), chain.rpcUrl, JSON.stringify(chain.deployment))
  if (statement !== undefined) args.push(`${statement}`)
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  started.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const ended = new Promise<string | number | null>((resolve) => {
    started.once('exit', (code, signal) => resolve(signal ?? code))
  })
  return {
    process: started,
    ended,
    said: (word) => expect.poll(() => output, { timeout: 120_000, interval: 5 }).toContain(word),
  }
}

/** Opens what the killed process left, brings it to the head, and compares it with an index made from nothing. */
async function expectWhole(): Promise<void> {
  const left = await openPglite({ folder: join(folder, 'pglite'), schema: 'agorai' })
  const parameters = { client: chain.client as never, addresses: chain.deployment, manifests: none }
  try {
    await (await createIndexer({ ...parameters, database: left })).sync()
    await emptyDatabase(fresh)
    await (await createIndexer({ ...parameters, database: fresh })).sync()
    expect(await dumpIndex(left)).toBe(await dumpIndex(fresh))
  } finally {
    await left.close()
  }
}

describe('kill -9 at the index cursor', { timeout: 240_000 }, () => {
  // Statements after the cursor moved: 0 is that very one, then come the inserts or deletes, then the commit.
  for (const statement of [0, 2, 4, 9])
    test(`right after statement ${statement} of the transactions that move it`, async () => {
      await chain.mineRandom(random, 12, 4)
      const { ended } = start(statement)
      expect(await ended).toBe('SIGKILL')
      await expectWhole()
    })

  // Then come a delete for each table, that of the blocks, and the commit.
  const tables = eventTableNames.length
  for (const statement of [0, 5, tables + 1, tables + 2])
    test(`right after statement ${statement} when the first of them is a rollback`, async () => {
      await chain.mineRandom(random, 6, 4)
      await expectWhole()
      await chain.rollback(1 + random.below(5))
      await chain.mineRandom(random, 3, 4)
      const { ended } = start(statement)
      expect(await ended).toBe('SIGKILL')
      await expectWhole()
    })

  test('at random moments, while the chain grows and goes back', async () => {
    for (let round = 0; round < 4; round++) {
      const { process: running, ended, said } = start()
      await said('ready')
      const killed = new Promise<void>((resolve) => {
        setTimeout(() => {
          running.kill('SIGKILL')
          resolve()
        }, random.below(700))
      })
      await chain.mineRandom(random, 15, 4)
      await chain.rollback(1 + random.below(6))
      await chain.mineRandom(random, 5, 4)
      await killed
      expect(await ended).toBe('SIGKILL')
      await expectWhole()
    }
  })
})
