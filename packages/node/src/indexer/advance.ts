import { AgoraiError } from '@agorai/core'
import type { PublicClient } from 'viem'
import type { Database } from '../ports/database.js'
import type { Decoder } from './events.js'
import {
  assertChild,
  assertFollows,
  type BlockRange,
  type Header,
  heights,
  type ReadLogs,
  readHeader,
  readHeaders,
  readRange,
} from './readBlocks.js'
import {
  addHeaders,
  type Cursor,
  commitRange,
  readCursor,
  readForkCandidates,
  readHeldHeaders,
  reorgDepthMax,
  rollBack,
} from './store.js'

export type AdvanceParameters = {
  database: Database
  client: PublicClient
  decoder: Decoder
  startBlock: bigint
  /** Blocks taken at most. */
  blocksMax: number
  /** How logs of a range are asked for; through the client when absent. */
  readLogs?: ReadLogs | undefined
  /** What is read and decoded while the step before is written. Kept from step to step; one range at most. */
  ahead: ReadAhead
}

/** The next range of what no reorg reaches any more, under way already. */
export type ReadAhead = { next?: { from: bigint; to: bigint; reading: Promise<BlockRange> } | undefined }

/** `range` is what was added; absent after a rollback or when there was nothing new. */
export type Advance = { outcome: 'added' | 'rolled_back' | 'at_head'; head: bigint; range?: BlockRange }

/**
 * One step of the index: follows a reorg if there was one, else adds the next blocks. Committed whole or not at all.
 *
 * @throws AgoraiError `reorg_too_deep` when history changed below what was final.
 * @throws ChainInconsistentError when the chain moved while it was read.
 */
export async function advance(parameters: AdvanceParameters): Promise<Advance> {
  const { database, startBlock, blocksMax, client, decoder, readLogs, ahead } = parameters
  const head = await readHeader(client)
  const { tip, finalised } = await readCursor(database)
  if (tip !== undefined && !(await isCanonical(client, tip, head))) {
    await followReorg(parameters, tip, head)
    return { outcome: 'rolled_back', head: head.number }
  }
  const from = tip === undefined ? startBlock : tip.number + 1n
  const nearFrom = maxOf(startBlock, head.number - reorgDepthMax)
  // A chain that went back above the tip has blocks near its head now that were far from it when they were taken.
  const missing = tip === undefined ? [] : await readMissingWindow(parameters, nearFrom, tip)
  if (tip !== undefined && missing.length > 0) await addHeaders(database, tip.hash, missing)
  if (from > head.number) return { outcome: 'at_head', head: head.number }
  const read = (first: bigint) => {
    const end = minOf(first + BigInt(blocksMax) - 1n, head.number)
    // A range does not cross from the part that is taken by range to the part that is taken by hash.
    const to = first < nearFrom ? minOf(end, nearFrom - 1n) : end
    return { from: first, to, reading: readRange(client, decoder, { from: first, to, nearFrom, readLogs }) }
  }
  const { next } = ahead
  ahead.next = undefined
  const { to, reading } = next?.from === from && from < nearFrom ? next : read(from)
  const range = await reading
  if (to + 1n < nearFrom) {
    ahead.next = read(to + 1n)
    // Whoever takes it sees how it ended.
    ahead.next.reading.catch(() => {})
  }
  // The links between ranges, and the tip at the start of each step, tell what was read ahead of a chain that is gone.
  if (tip !== undefined) assertFollows(range, tip.hash)
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
  if (fork === undefined) return rollBack(database, tip.hash, undefined, [])
  const lowest = maxOf(startBlock, fork.number - reorgDepthMax)
  await rollBack(database, tip.hash, fork, await readMissingWindow(parameters, lowest, fork))
}

/** The highest block that both the index and the chain have, at or above what is final. */
async function findForkPoint(database: Database, client: PublicClient, tip: Cursor, head: Header) {
  for (const candidate of await readForkCandidates(database, tip.finalised)) {
    if (candidate.number > head.number) continue
    if ((await readHeader(client, candidate.number)).hash === candidate.hash) return candidate
  }
  return undefined
}

/**
 * Headers up to a block that are not kept, as the chain was longer, and that a reorg may now reach again.
 *
 * @throws ChainInconsistentError when they are of another chain than those that are kept.
 */
async function readMissingWindow(
  { database, client }: AdvanceParameters,
  lowest: bigint,
  { number: highest }: { number: bigint },
): Promise<Header[]> {
  if (lowest > highest) return []
  const held = await readHeldHeaders(database, lowest)
  const missing = heights(lowest, highest).filter((number) => !held.has(number))
  const headers = await readHeaders(client, missing)
  for (const header of headers) {
    assertChild(held.get(header.number - 1n), header)
    const above = held.get(header.number + 1n)
    if (above !== undefined) assertChild(header, above)
  }
  return headers
}

const minOf = (left: bigint, right: bigint) => (left < right ? left : right)
const maxOf = (left: bigint, right: bigint) => (left > right ? left : right)
