import type { Hex } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createBatchingClient } from '../../packages/node/src/adapters/chain/batchingClient.js'
import { createRawLogReader } from '../../packages/node/src/adapters/chain/readRawLogs.js'
import { emptyDatabase, testEngines } from '../../packages/node/src/adapters/database/testDatabases.js'
import { advance } from '../../packages/node/src/indexer/advance.js'
import { createIndexer, type Indexer } from '../../packages/node/src/indexer/createIndexer.js'
import { dumpIndex } from '../../packages/node/src/indexer/dumpIndex.js'
import { createDecoder } from '../../packages/node/src/indexer/events.js'
import { eventTableNames } from '../../packages/node/src/indexer/eventTables.js'
import type { Database } from '../../packages/node/src/ports/database.js'
import type { ManifestSource } from '../../packages/node/src/ports/manifests.js'
import { readChainEvents, readIndexedEvents } from './chainEvents.js'
import { type CrashingDatabase, crashAt } from './crashingDatabase.js'
import { createFaultyClient } from './faultyClient.js'
import { createRandom, type Random } from './random.js'
import { startTestChain, type TestChain } from './testChain.js'

/**
 * Promise P14: whatever the chain and the servers between do, as long as no more than 64 blocks are taken back, the index
 * is byte-equal to one that was made from nothing afterwards; and it has the events that the chain has, no other.
 */

const histories = Number(process.env.AGORAI_REORG_HISTORIES ?? 20)
/** The first history; a failure names the one to begin with. */
const firstSeed = Number(process.env.AGORAI_REORG_SEED ?? 1)
const stepsMax = 9
/** A rollback has one for each table, and few more. */
const statementsMax = eventTableNames.length + 6
const depthMax = 64

/** On every tenth history another chain is followed meanwhile, into the same database where the engine has one. */
const neighbourEvery = 10

type Pair = { name: string; live: Database; fresh: Database; beside: Database }

let chain: TestChain
let live: Database
let fresh: Database
/** One for each engine: the histories take turns. */
let pairs: Pair[]
beforeAll(async () => {
  const engines = (await testEngines(process.env.DATABASE_URL)).filter(({ missing }) => missing === undefined)
  pairs = await Promise.all(
    engines.map(async ({ name, open }) => {
      const [one, other, beside] = await Promise.all([open(), open(), open()])
      return { name, live: one, fresh: other, beside }
    }),
  )
  take(0)
}, 120_000)
afterAll(() => Promise.all(pairs.flatMap((pair) => [pair.live.close(), pair.fresh.close(), pair.beside.close()])))

/** The databases of one engine, by turns, of which Postgres has the histories with another chain. */
function take(turn: number): Pair {
  const pair = pairs[(turn + pairs.length - 1) % pairs.length] as Pair
  ;({ live, fresh } = pair)
  return pair
}
// A chain of its own for each history: going back over what was gone back over is not what is tested of it.
afterEach(() => chain?.kill())

type Client = TestChain['client'] | ReturnType<typeof createFaultyClient>['client']
const everyManifest = { get: async (digest: Hex) => chain.manifests.get(digest) }
/** As a node reads the chain, so that it is compared with what was read through servers that misbehave. */
const asNode = ({ rpcUrl }: TestChain) => ({
  client: createBatchingClient({ rpcUrl }),
  readLogs: createRawLogReader(rpcUrl),
})
const indexerOn = (database: Database, client: Client, manifests: ManifestSource = everyManifest) => {
  const readers = client === chain.client ? asNode(chain) : { client: client as never }
  return createIndexer({ database, ...readers, addresses: chain.deployment, manifests, pollMs: 0 })
}

/** How many blocks may be taken back: none that the index calls final. */
async function depthLimit(): Promise<number> {
  const head = Number(await chain.headNumber())
  const [progress] = await live.query<{ finalised: bigint }>('SELECT finalised FROM progress').catch(() => [])
  return Math.min(depthMax, head - Number(progress?.finalised ?? -1n), head - chain.firstFreeBlock)
}

async function takeBack(random: Random): Promise<number> {
  const limit = await depthLimit()
  if (limit < 1) return 0
  // The very limit is where mistakes are.
  const depth = random.chance(0.25) ? limit : 1 + random.below(limit)
  if (random.chance(0.5)) {
    await chain.rollback(depth)
    // Nonces of the accounts went back, too.
    await chain.mineRandom(random, random.below(depth + 20), 3)
  } else {
    const calls = [await chain.randomCall(random), await chain.randomCall(random)]
    await chain.reorg(
      depth,
      calls.map((call) => [call, random.below(depth)] as const),
    )
  }
  return depth
}

type Counts = Record<
  | 'reorgs'
  | 'deepest'
  | 'interrupted'
  | 'faults'
  | 'restarts'
  | 'crashes'
  | 'crashesInRollback'
  | 'events'
  | 'neighbours'
  | 'onPostgres',
  number
>

/** One history: chain and index go their ways, step by step. */
async function runHistory(random: Random, counts: Counts): Promise<void> {
  const faulty = createFaultyClient(chain.rpcUrl)
  let crashing: CrashingDatabase | undefined
  let indexer: Indexer | undefined
  // Some manifests come late: not before another start asks for them.
  const late = { get: async (digest: Hex) => (random.chance(0.5) ? chain.manifests.get(digest) : undefined) }
  for (let step = 2 + random.below(stepsMax); step > 0; step--) {
    await chain.mineRandom(random, random.below(12), 4)
    if (random.chance(0.3)) await chain.mineEmpty(1 + random.below(90))
    if (random.chance(0.6)) {
      const depth = await takeBack(random)
      counts.reorgs += depth > 0 ? 1 : 0
      counts.deepest = Math.max(counts.deepest, depth)
    }
    if (random.chance(0.3)) continue // The index sleeps while more happens.
    if (random.chance(0.4)) {
      counts.faults += 3
      faulty.plan(random, 3)
    }
    if (random.chance(0.3))
      faulty.interrupt(random, async () => {
        counts.interrupted++
        await takeBack(random)
      })
    if (random.chance(0.3)) crashing = crashAt(live, random.below(statementsMax))
    if (indexer === undefined || crashing !== undefined || random.chance(0.3)) {
      counts.restarts++
      indexer = await indexerOn(crashing ?? live, faulty.client, late).catch(() => undefined)
    }
    await indexer?.sync().catch(() => undefined)
    if (crashing?.isDead()) {
      counts.crashes++
      counts.crashesInRollback += crashing.diedInRollback() ? 1 : 0
      indexer = undefined
    }
    crashing = undefined
    await faulty.calm()
  }
  const last = await indexerOn(live, chain.client)
  await last.sync()
  expect(last.health()).toMatchObject({ state: 'following', failures: 0 })
}

/** Another chain beside: it goes its own way, back and forth, and its index has nothing of the first one's. */
async function runNeighbour(random: Random, { beside, fresh: anew }: Pair): Promise<() => Promise<void>> {
  const neighbour = await startTestChain()
  await emptyDatabase(beside)
  const follow = (database: Database) =>
    createIndexer({
      ...asNode(neighbour),
      ...{ database, addresses: neighbour.deployment, pollMs: 0 },
      manifests: { get: async (digest) => neighbour.manifests.get(digest) },
    })
  const indexer = await follow(beside)
  for (let round = 0; round < 3; round++) {
    await neighbour.mineRandom(random, 4 + random.below(4), 4)
    await indexer.sync()
    await neighbour.rollback(1 + random.below(3))
    await neighbour.mineRandom(random, 3, 3)
  }
  await indexer.sync()
  return async () => {
    expect(await readIndexedEvents(beside)).toEqual(await readChainEvents(neighbour))
    await emptyDatabase(anew)
    await (await follow(anew)).sync()
    expect(await dumpIndex(beside)).toBe(await dumpIndex(anew))
    await neighbour.kill()
  }
}

describe('reorgs (P14)', () => {
  test(`${histories} random histories leave the index of a fresh start`, { timeout: histories * 60_000 }, async () => {
    const counts: Counts = {
      reorgs: 0,
      deepest: 0,
      interrupted: 0,
      faults: 0,
      restarts: 0,
      crashes: 0,
      crashesInRollback: 0,
      events: 0,
      neighbours: 0,
      onPostgres: 0,
    }
    for (let seed = firstSeed; seed < firstSeed + histories; seed++) {
      const pair = take(seed)
      counts.onPostgres += pair.name === 'Postgres' ? 1 : 0
      chain = await startTestChain()
      await Promise.all([emptyDatabase(live), emptyDatabase(fresh)])
      const hasNeighbour = seed % neighbourEvery === 0
      const [checkNeighbour] = await Promise.all([
        hasNeighbour ? runNeighbour(createRandom(seed * 104_729), pair) : undefined,
        runHistory(createRandom(seed * 7_919), counts),
      ])
      await (await indexerOn(fresh, chain.client)).sync()
      const [expected, found] = [await dumpIndex(fresh), await dumpIndex(live)]
      expect(found, `history ${seed}`).toBe(expected)
      const onChain = await readChainEvents(chain)
      expect(await readIndexedEvents(live), `history ${seed}`).toEqual(onChain)
      counts.events += onChain.length
      await checkNeighbour?.()
      counts.neighbours += hasNeighbour ? 1 : 0
      await chain.kill()
    }
    console.log(
      `P14: ${histories} histories, ${counts.reorgs} reorgs up to ${counts.deepest} deep (${counts.interrupted} while ` +
        `reading), ${counts.faults} faults, ${counts.restarts} restarts, ${counts.crashes} crashes ` +
        `(${counts.crashesInRollback} in a rollback), ${counts.events} events compared, ${counts.onPostgres} histories ` +
        `on PostgreSQL, ${counts.neighbours} beside another chain: 0 differences`,
    )
    expect(counts.events).toBeGreaterThan(histories * 10)
  })

  const taking = (blocks: number) => async () => {
    await chain.rollback(blocks)
    await chain.mineRandom(createRandom(3), 2, 2)
  }

  /** An index at the head of a chain of some length, and what is in it. */
  async function indexedChain() {
    chain = await startTestChain()
    await chain.mineRandom(createRandom(2), 20, 3)
    await chain.mineEmpty(100)
    await emptyDatabase(live)
    const indexer = await indexerOn(live, chain.client)
    await indexer.sync()
    return { indexer, dump: await dumpIndex(live) }
  }

  test('64 blocks taken back are followed', async () => {
    const { indexer } = await indexedChain()
    await taking(64)()
    await indexer.sync()
    await emptyDatabase(fresh)
    await (await indexerOn(fresh, chain.client)).sync()
    expect(await dumpIndex(live)).toBe(await dumpIndex(fresh))
  })

  test.each([
    ['65 blocks at once', [taking(65)]],
    ['64 blocks, and then 3 more', [taking(64), taking(3)]],
    ['all but the first blocks', [taking(110)]],
  ])('%s taken back halt the index, which stays as it is and says so', async (_, steps) => {
    const { indexer } = await indexedChain()
    for (const step of steps.slice(0, -1)) {
      await step()
      await indexer.sync()
    }
    const before = await dumpIndex(live)
    await steps.at(-1)?.()
    await expect(indexer.sync()).rejects.toMatchObject({ code: 'reorg_too_deep' })
    const restarted = await indexerOn(live, chain.client)
    restarted.start()
    await expect.poll(() => restarted.health().state).toBe('halted')
    expect(restarted.health()).toMatchObject({ error: { code: 'reorg_too_deep' } })
    await restarted.stop()
    expect(restarted.health().state).toBe('halted')
    expect(await dumpIndex(live)).toBe(before)
  })

  test('a chain that goes back above the tip has every header near its new head', async () => {
    const { indexer } = await indexedChain()
    await chain.mineEmpty(150)
    const decoder = createDecoder(chain.deployment)
    const step = { database: live, client: chain.client, decoder, startBlock: 0n, blocksMax: 40, ahead: {} }
    // Far from the head, so that headers of blocks without events are left out.
    expect(await advance(step as never)).toMatchObject({ outcome: 'added' })
    await chain.rollback(80)
    await indexer.sync()
    await emptyDatabase(fresh)
    await (await indexerOn(fresh, chain.client)).sync()
    expect(await dumpIndex(live)).toBe(await dumpIndex(fresh))
  })

  test('a chain that is begun anew within its first 64 blocks is followed from its first block', async () => {
    chain = await startTestChain()
    await chain.mineRandom(createRandom(4), 10, 3)
    await emptyDatabase(live)
    await (await indexerOn(live, chain.client)).sync()
    await chain.kill()
    chain = await startTestChain()
    await chain.mineRandom(createRandom(5), 3, 3)
    await (await indexerOn(live, chain.client)).sync()
    await emptyDatabase(fresh)
    await (await indexerOn(fresh, chain.client)).sync()
    expect(await dumpIndex(live)).toBe(await dumpIndex(fresh))
  })

  test('the index of another deployment is refused', async () => {
    await indexedChain()
    const { accessMarket, ...others } = chain.deployment
    const addresses = { ...others, accessMarket: others.assetRegistry }
    const other = await createIndexer({
      database: live,
      client: chain.client as never,
      addresses,
      manifests: everyManifest,
    })
    await expect(other.sync()).rejects.toMatchObject({ code: 'config_invalid', field: 'access_market' })
    expect(accessMarket).not.toBe(addresses.accessMarket)
  })

  test('a chain that does not answer is waited for, and then followed', async () => {
    chain = await startTestChain()
    await emptyDatabase(live)
    const { client, fail, calm } = createFaultyClient(chain.rpcUrl)
    fail()
    const indexer = await indexerOn(live, client)
    indexer.start()
    await expect.poll(() => indexer.health().failures, { timeout: 10_000 }).toBeGreaterThan(2)
    expect(indexer.health()).toMatchObject({ state: 'retrying', error: { code: 'chain_unavailable' } })
    await calm()
    await expect.poll(() => indexer.health().state, { timeout: 10_000 }).toBe('following')
    expect(indexer.health()).toMatchObject({ failures: 0, indexedBlock: chain.firstFreeBlock })
    await indexer.stop()
    expect(indexer.health().state).toBe('stopped')
  })
})
