import { AgoraiError } from '@agorai/core'
import type { PublicClient } from 'viem'
import type { Database } from '../ports/database.js'
import type { Addresses } from './events.js'
import { type BlockRange, type Header, heights, readHeader, readHeaders, readRange } from './readBlocks.js'
import {
  type Cursor,
  commitRange,
  readCursor,
  readForkCandidates,
  readHeldHeights,
  reorgDepthMax,
  rollBack,
} from './store.js'

export type AdvanceParameters = {
  database: Database
  client: PublicClient
  addresses: Addresses
  startBlock: bigint
  /** Blocks taken at most. */
  blocksMax: number
}

/** `range` is what was added; absent after a rollback or when there was nothing new. */
export type Advance = { outcome: 'added' | 'rolled_back' | 'at_head'; head: bigint; range?: BlockRange }

/**
 * One step of the index: follows a reorg if there was one, else adds the next blocks. Committed whole or not at all.
 *
 * @throws AgoraiError `reorg_too_deep` when history changed below what was final.
 * @throws ChainInconsistentError when the chain moved while it was read.
 */
export async function advance(parameters: AdvanceParameters): Promise<Advance> {
  const { database, client, addresses, startBlock, blocksMax } = parameters
  const head = await readHeader(client)
  const { tip, finalised } = await readCursor(database)
  if (tip !== undefined && !(await isCanonical(client, tip, head))) {
    await followReorg(parameters, tip, head)
    return { outcome: 'rolled_back', head: head.number }
  }
  const from = tip === undefined ? startBlock : tip.number + 1n
  if (from > head.number) return { outcome: 'at_head', head: head.number }
  const nearFrom = maxOf(startBlock, head.number - reorgDepthMax)
  const end = minOf(from + BigInt(blocksMax) - 1n, head.number)
  // A range does not cross from the part that is taken by range to the part that is taken by hash.
  const to = from < nearFrom ? minOf(end, nearFrom - 1n) : end
  const range = await readRange(client, addresses, { from, to, nearFrom, parentHash: tip?.hash })
  await commitRange(database, tip?.hash, range, maxOf(finalised, minOf(to, head.number - reorgDepthMax)))
  return { outcome: 'added', head: head.number, range }
}

/** A chain that no longer reaches the tip has replaced it as much as one that has another block there. */
async function isCanonical(client: PublicClient, tip: Cursor, head: Header): Promise<boolean> {
  if (tip.number > head.number) return false
  const { hash } = tip.number === head.number ? head : await readHeader(client, tip.number)
  return hash === tip.hash
}

async function followReorg(parameters: AdvanceParameters, tip: Cursor, head: Header): Promise<void> {
  const { database, client, startBlock } = parameters
  const fork = await findForkPoint(database, client, tip, head)
  if (fork === undefined && tip.finalised >= startBlock)
    throw new AgoraiError('reorg_too_deep', `Block ${tip.finalised} was final and is not on the chain any more.`, {
      details: {
        indexedBlock: Number(tip.number),
        finalisedBlock: Number(tip.finalised),
        headBlock: Number(head.number),
      },
    })
  await rollBack(database, tip.hash, fork, fork === undefined ? [] : await readMissingWindow(parameters, fork))
}

/** The highest block that both the index and the chain have, at or above what is final. */
async function findForkPoint(database: Database, client: PublicClient, tip: Cursor, head: Header) {
  for (const candidate of await readForkCandidates(database, tip.finalised)) {
    if (candidate.number > head.number) continue
    if ((await readHeader(client, candidate.number)).hash === candidate.hash) return candidate
  }
  return undefined
}

/** Headers that were dropped when the chain was longer, and that a reorg may now reach again. */
async function readMissingWindow(
  { database, client, startBlock }: AdvanceParameters,
  fork: { number: bigint },
): Promise<Header[]> {
  const lowest = maxOf(startBlock, fork.number - reorgDepthMax)
  const held = await readHeldHeights(database, lowest)
  return readHeaders(
    client,
    heights(lowest, fork.number).filter((number) => !held.has(number)),
  )
}

const minOf = (left: bigint, right: bigint) => (left < right ? left : right)
const maxOf = (left: bigint, right: bigint) => (left > right ? left : right)
