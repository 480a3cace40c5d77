import { setTimeout as pause } from 'node:timers/promises'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { Address, Hex, PublicClient } from 'viem'
import type { IndexHealth } from '../ports/catalogue.js'
import type { Database } from '../ports/database.js'
import type { ManifestIndex, ManifestSource } from '../ports/manifests.js'
import { type Advance, advance, type ReadAhead } from './advance.js'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import { assertDeployment } from './deployment.js'
import { type Addresses, createDecoder } from './events.js'
import { addManifest, fillManifests, fillMissingManifests } from './manifests.js'
import type { BlockRange, ReadLogs } from './readBlocks.js'
import { bytesOf } from './rows.js'
import { columnsOf, createSchema } from './schema.js'
import { readCursor } from './store.js'
import { fillTokens } from './tokens.js'

export type CreateIndexerParameters = {
  database: Database
  client: PublicClient
  addresses: Addresses
  manifests: ManifestSource
  /** How logs far below the head are asked for; through the client when absent, which takes thrice the time. */
  readLogs?: ReadLogs
  /** No event of ours is below this block. Default 0. */
  startBlock?: bigint
  /** Blocks taken in one step. Default 500; halved while the chain refuses so many. */
  blocksMax?: number
  /** Pause between looks at the head. Default 250. */
  pollMs?: number
}

export type Indexer = ManifestIndex & {
  /** Follows the chain until `stop`, or until history changes below what is final: then it is halted. */
  start(): void
  /** Ends after the step under way. */
  stop(): Promise<void>
  /**
   * Brings the index to the head of the chain as it is now. Not beside `start`.
   *
   * @throws AgoraiError `reorg_too_deep`, `chain_unavailable`, `database_unavailable`, `config_invalid`
   */
  sync(): Promise<void>
  health(): IndexHealth
}

const backoffMaxMs = 30_000
/**
 * Events that one step aims at: with the step that is read ahead, what bounds memory and the size of an answer. Public
 * endpoints refuse more than 10,000.
 */
const eventsPerStep = 8_000
/** Blocks of the first step, while nobody knows how much is in them. */
const blocksFirst = 16
/** Attempts of one `sync` that may fail in a row before it gives up. */
const attemptsMax = 8

/**
 * The index: the chain's events, kept in a database, following the chain wherever it goes. Makes the tables first; asks
 * the chain only once it is started.
 *
 * @throws AgoraiError `database_unavailable`
 */
export async function createIndexer(parameters: CreateIndexerParameters): Promise<Indexer> {
  await createSchema(parameters.database)
  const { database, client, addresses, manifests, readLogs, startBlock = 0n, pollMs = 250 } = parameters
  const blocksMax = parameters.blocksMax ?? 500
  const stopping = new AbortController()
  const refusedTokens = new Set<Address>()
  const decoder = createDecoder(addresses)
  const ahead: ReadAhead = {}
  let health: IndexHealth = { state: 'starting', indexedBlock: -1, headBlock: -1, failures: 0 }
  let blocks = Math.min(blocksFirst, blocksMax)
  let isPrepared = false
  let following: Promise<void> | undefined

  async function prepare(): Promise<void> {
    await assertDeployment(database, client, addresses, startBlock)
    await fillMissingManifests(database, manifests)
    await fillTokens(database, client, refusedTokens)
    isPrepared = true
  }

  /** One step. Failures are counted, and thrown on. */
  async function step(): Promise<Advance['outcome']> {
    try {
      if (!isPrepared) await prepare()
      const { outcome, head, range } = await advance({
        database,
        client,
        decoder,
        startBlock,
        blocksMax: blocks,
        readLogs,
        ahead,
      })
      if (range !== undefined) await readDocuments(range)
      const last = range?.headers.at(-1) ?? (await readCursor(database)).tip
      blocks = Math.min(nextBlocks(range, blocks), blocksMax)
      health = {
        state: outcome === 'at_head' ? 'following' : 'catching_up',
        indexedBlock: Number(last?.number ?? -1n),
        headBlock: Number(head),
        failures: 0,
      }
      return outcome
    } catch (cause) {
      const error = toIndexError(cause)
      blocks = Math.max(1, blocks >> 1)
      health = { ...health, state: isFatal(error) ? 'halted' : 'retrying', failures: health.failures + 1, error }
      throw error
    }
  }

  /** Manifests and tokens are looked up after the events are safe; what is missed here is made good by `prepare`. */
  async function readDocuments({ rows }: BlockRange): Promise<void> {
    isPrepared = false
    const published = rows.get('version_published')
    const lines = published === undefined ? [] : `${bytesOf(published)}`.trimEnd().split('\n')
    const digests = lines.map((line) => line.split('\t')[digestColumn] as Hex)
    await fillManifests(database, manifests, digests)
    if (rows.has('offer_listed')) await fillTokens(database, client, refusedTokens)
    isPrepared = true
  }

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted && health.state !== 'halted') {
      const outcome = await step().catch(() => undefined)
      if (outcome === undefined || outcome === 'at_head') await waitAfter(health.failures)
    }
    if (health.state !== 'halted') health = { ...health, state: 'stopped' }
  }

  /** Until the next look, longer after each failure in a row. */
  async function waitAfter(failures: number): Promise<void> {
    const waitMs = Math.min(pollMs * 2 ** Math.min(failures, 16), Math.max(backoffMaxMs, pollMs))
    await pause(waitMs, undefined, { signal: stopping.signal }).catch(() => {})
  }

  return {
    addManifest: (bytes) => addManifest(database, bytes),
    start: () => {
      following ??= follow()
    },
    stop: async () => {
      stopping.abort()
      await following
    },
    sync: async () => {
      for (let failed = 0; !stopping.signal.aborted; ) {
        try {
          if ((await step()) === 'at_head') return
          failed = 0
        } catch (error) {
          failed += 1
          if (failed >= attemptsMax || (error instanceof AgoraiError && isFatal(error))) throw error
          await waitAfter(failed)
        }
      }
    },
    health: () => health,
  }
}

const digestColumn = Object.keys(columnsOf('version_published')).indexOf('manifest_digest')

/** Twice as many while they hold little, fewer where the last ones held more than a step aims at. */
function nextBlocks(range: BlockRange | undefined, blocks: number): number {
  const [first, last] = [range?.headers[0], range?.headers.at(-1)]
  if (range === undefined || first === undefined || last === undefined) return blocks
  const events = range.headers.reduce((sum, { logs }) => sum + logs, 0)
  // A range that was read ahead has not as many blocks as one would have that is asked for now.
  const taken = Number(last.number - first.number) + 1
  return Math.max(1, Math.min(blocks * 2, Math.floor((taken * eventsPerStep) / Math.max(1, events))))
}

/** Only a person can decide whether to believe the new history, or which deployment is meant. */
const isFatal = (error: AgoraiError): boolean =>
  isAgoraiError(error, 'reorg_too_deep') || isAgoraiError(error, 'config_invalid')

function toIndexError(cause: unknown): AgoraiError {
  if (cause instanceof AgoraiError) return cause
  const message =
    cause instanceof ChainInconsistentError ? cause.message : 'The index could not read the chain, and tries again.'
  return new AgoraiError('chain_unavailable', message, { cause })
}
