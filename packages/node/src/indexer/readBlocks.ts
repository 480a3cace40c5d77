import { setImmediate } from 'node:timers/promises'
import type { Address, Hash, Hex, PublicClient } from 'viem'
import { keccak256, numberToHex } from 'viem/utils'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import type { Decoder, EventRows } from './events.js'
import { readNumber } from './rows.js'
import { digitsOf, place, placesPerLog, type ScannedLogs, scanLogs } from './scanLogs.js'

/** What the index keeps of a block's header. */
export type Header = { number: bigint; hash: Hash; parentHash: Hash; timestamp: bigint; logsBloom: Hex }

/** A stretch of one chain, ready to be committed: its last header is the new cursor. */
export type BlockRange = {
  headers: readonly (Header & { logs: number })[]
  rows: EventRows
}

export type ReadRangeParameters = {
  from: bigint
  to: bigint
  /** From this height on every header is read and every log taken by block hash; below, logs are taken by range. */
  nearFrom: bigint
  /** How logs of a range are asked for; through the client when absent. */
  readLogs?: ReadLogs | undefined
}

/** Logs of a stretch of the chain, or of one block. */
export type LogFilter = { address?: readonly Address[] } & ({ blockHash: Hash } | { fromBlock: Hex; toBlock: Hex })

/** Asks `eth_getLogs`, and gives the text of the answer. */
export type ReadLogs = (filter: LogFilter) => Promise<Buffer>

/** Requests under way at a time; the transport may send them as one batch. */
const concurrency = 64

type RawBlock = { number: Hex | null; hash: Hex | null; parentHash: Hex; timestamp: Hex; logsBloom: Hex | null }

/** The header at a height, or at the head. */
export async function readHeader(client: PublicClient, height?: bigint): Promise<Header> {
  const tag = height === undefined ? 'latest' : numberToHex(height)
  const block = (await client.request({ method: 'eth_getBlockByNumber', params: [tag, false] })) as RawBlock | null
  if (block === null) throw new ChainInconsistentError(`Block ${height ?? tag} could not be found.`)
  const { number, hash, parentHash, timestamp, logsBloom } = block
  if (number === null || hash === null || logsBloom === null)
    throw new ChainInconsistentError('The chain answered with a block that is not mined.')
  if (height !== undefined && BigInt(number) !== height)
    throw new ChainInconsistentError(`The chain answered block ${BigInt(number)} for block ${height}.`)
  return { number: BigInt(number), hash, parentHash, timestamp: BigInt(timestamp), logsBloom }
}

/** Headers of consecutive or scattered heights, many at a time. Each must be the child of its neighbour below. */
export async function readHeaders(client: PublicClient, numbers: readonly bigint[]): Promise<Header[]> {
  const headers: Header[] = []
  for (let i = 0; i < numbers.length; i += concurrency)
    headers.push(...(await Promise.all(numbers.slice(i, i + concurrency).map((number) => readHeader(client, number)))))
  for (const [index, header] of headers.entries()) assertChild(headers[index - 1], header)
  return headers
}

/**
 * @param below Undefined: nothing is known of it.
 * @throws ChainInconsistentError when the header below is another than this one names.
 */
export function assertChild(
  below: { number: bigint; hash: Hash } | undefined,
  header: Pick<Header, 'number' | 'parentHash'>,
): void {
  const isChild = below?.number !== header.number - 1n || below.hash === header.parentHash
  if (!isChild) throw new ChainInconsistentError(`Block ${header.number} does not follow block ${below?.number}.`)
}

/** What a server answered of a range, not decoded yet. Headers link. */
type Reading = { headers: readonly Header[]; answers: readonly ScannedLogs[] }

/**
 * Reads the blocks `from` to `to`, with the events of the three contracts, and nothing of what is below: so it can be read
 * ahead. Headers link and logs name their block's hash, so what is read is of one chain; whether that is still the
 * canonical one, the next step asks.
 *
 * @throws ChainInconsistentError when the chain moved meanwhile.
 */
export async function readRange(
  client: PublicClient,
  decoder: Decoder,
  parameters: ReadRangeParameters,
): Promise<BlockRange> {
  const read = parameters.from >= parameters.nearFrom ? readByHash : readByRange
  return toRange(decoder, await read(client, decoder, parameters))
}

/**
 * Holds a range against the block below it.
 *
 * @throws ChainInconsistentError when it is of another chain.
 */
export function assertFollows(range: BlockRange, parentHash: Hash): void {
  const [first] = range.headers
  if (first !== undefined) assertChild({ number: first.number - 1n, hash: parentHash }, first)
}

async function readByHash(client: PublicClient, decoder: Decoder, { from, to }: ReadRangeParameters): Promise<Reading> {
  const headers = await readHeaders(client, heights(from, to))
  const answers: ScannedLogs[] = []
  for (let i = 0; i < headers.length; i += concurrency) {
    const part = headers.slice(i, i + concurrency)
    answers.push(...(await Promise.all(part.map((header) => readLogsOf(client, decoder, header)))))
  }
  return { headers, answers }
}

/**
 * Logs of one block by its hash. A server that has not seen the block yet may answer with none; the header's bloom filter
 * tells: where it speaks of ours, none is believed only if the block has logs of others that explain it.
 */
async function readLogsOf(client: PublicClient, decoder: Decoder, header: Header): Promise<ScannedLogs> {
  const wanted = decoder.addresses
  const readLogs = readLogsThrough(client)
  const logs = scanLogs(await readLogs({ address: wanted, blockHash: header.hash }))
  if (logs.count > 0 || !wanted.some((address) => isInBloom(header.logsBloom, address))) return logs
  const others = scanLogs(await readLogs({ blockHash: header.hash }))
  if (others.count > 0 && !basesOf(others).some((base) => decoder.isOurs(others, base))) return logs
  throw new ChainInconsistentError(`The logs of block ${header.number} are not there yet.`)
}

/** Logs as a client of viem has them, written as text again: few, or of tests. */
const readLogsThrough =
  (client: PublicClient): ReadLogs =>
  async (filter) =>
    Buffer.from(JSON.stringify({ result: await client.request({ method: 'eth_getLogs', params: [filter as never] }) }))

async function readByRange(
  client: PublicClient,
  decoder: Decoder,
  { from, to, readLogs = readLogsThrough(client) }: ReadRangeParameters,
): Promise<Reading> {
  const last = await readHeader(client, to)
  const filter = { address: decoder.addresses, fromBlock: numberToHex(from), toBlock: numberToHex(to) }
  const logs = scanLogs(await readLogs(filter))
  const named = new Set([
    Number(from),
    ...basesOf(logs).map((base) => numberAt(logs, base + place.blockNumber)),
    Number(to),
  ])
  const headers = await readHeaders(client, [...named].sort((left, right) => left - right).map(BigInt))
  if (headers.at(-1)?.hash !== last.hash)
    throw new ChainInconsistentError(`Block ${to} was replaced while its logs were read.`)
  return { headers, answers: [logs] }
}

/** Where the places of each log begin. */
const basesOf = ({ count }: ScannedLogs): number[] => Array.from({ length: count }, (_, log) => log * placesPerLog)

const numberAt = (logs: ScannedLogs, at: number): number =>
  readNumber(logs.text, digitsOf(logs, at), logs.places[at + 1] as number)

/** Logs decoded before whatever else waits has its turn: the range before, which is being written, and requests. */
const logsPerTurn = 500

/** Decodes what was read. Each log belongs to its header; a log that was sent twice is one. */
async function toRange(decoder: Decoder, { headers, answers }: Reading): Promise<BlockRange> {
  const blocks = new Map(headers.map((header) => [Number(header.number), { ...header, logs: 0 }]))
  const rows: EventRows = new Map()
  let above: Position = { block: -1, index: -1 }
  for (const logs of answers)
    for (const [turn, { base, position }] of inOrder(logs, decoder).entries()) {
      if (turn % logsPerTurn === logsPerTurn - 1) await setImmediate()
      const block = blocks.get(position.block)
      if (logs.places[base + place.removed] === 1 || block === undefined || !hasHash(logs, base, block.hash))
        throw new ChainInconsistentError(`A log of block ${position.block} is of a block that was replaced.`)
      const order = compare(above, position)
      if (order > 0) throw new ChainInconsistentError(`A log of block ${position.block} came with another block.`)
      if (order < 0 && decoder.decode(logs, base, position, rows)) block.logs++
      above = position
    }
  return { headers: [...blocks.values()], rows }
}

const hasHash = ({ text, places }: ScannedLogs, base: number, hash: Hash): boolean =>
  text.toString('latin1', places[base + place.blockHash], places[base + place.blockHash + 1]) === hash

type Position = { block: number; index: number }
type Placed = { base: number; position: Position }

/** Logs of ours by their place in the chain, which is how almost every server sends them. */
function inOrder(logs: ScannedLogs, decoder: Decoder): Placed[] {
  const placed: Placed[] = []
  let isOrdered = true
  for (const base of basesOf(logs)) {
    if (!decoder.isOurs(logs, base)) continue
    const position = {
      block: numberAt(logs, base + place.blockNumber),
      index: numberAt(logs, base + place.logIndex),
    }
    const last = placed.at(-1)
    isOrdered &&= last === undefined || compare(last.position, position) <= 0
    placed.push({ base, position })
  }
  return isOrdered ? placed : placed.sort((left, right) => compare(left.position, right.position))
}

const compare = (left: Position, right: Position) => left.block - right.block || left.index - right.index

/** Whether a 2,048-bit bloom filter may contain an address: three bits of its hash are set (Yellow Paper, 4.3.1). */
function isInBloom(bloom: Hex, address: Address): boolean {
  const bits = BigInt(bloom)
  const hash = BigInt(keccak256(address))
  return [0n, 16n, 32n].every((shift) => (bits >> ((hash >> (240n - shift)) & 2047n)) & 1n)
}

/** All heights from `from` to `to`. */
export function heights(from: bigint, to: bigint): bigint[] {
  return Array.from({ length: Math.max(0, Number(to - from) + 1) }, (_, index) => from + BigInt(index))
}
