import type { Address, Hash, Hex, PublicClient } from 'viem'
import { keccak256, numberToHex } from 'viem/utils'
import { ChainInconsistentError } from './ChainInconsistentError.js'
import type { RawLog } from './decodeLog.js'
import type { Decoder } from './events.js'
import type { EventTable } from './eventTables.js'

/** What the index keeps of a block's header. */
export type Header = { number: bigint; hash: Hash; parentHash: Hash; timestamp: bigint; logsBloom: Hex }

/** A stretch of one chain, ready to be committed: its last header is the new cursor. */
export type BlockRange = {
  headers: readonly (Header & { logs: number })[]
  /** Events by their table, as the lines that COPY takes, in the order of the chain. */
  lines: ReadonlyMap<EventTable, readonly string[]>
}

export type ReadRangeParameters = {
  from: bigint
  to: bigint
  /** From this height on every header is read and every log taken by block hash; below, logs are taken by range. */
  nearFrom: bigint
}

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
type Reading = { headers: readonly Header[]; logs: readonly RawLog[] }

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

type Near = Pick<ReadRangeParameters, 'from' | 'to'>

async function readByHash(client: PublicClient, decoder: Decoder, { from, to }: Near): Promise<Reading> {
  const headers = await readHeaders(client, heights(from, to))
  const logs: RawLog[] = []
  for (let i = 0; i < headers.length; i += concurrency) {
    const part = headers.slice(i, i + concurrency)
    for (const some of await Promise.all(part.map((header) => readLogsOf(client, decoder, header)))) logs.push(...some)
  }
  return { headers, logs }
}

/**
 * Logs of one block by its hash. A server that has not seen the block yet may answer with none; the header's bloom filter
 * tells: where it speaks of ours, none is believed only if the block has logs of others that explain it.
 */
async function readLogsOf(client: PublicClient, decoder: Decoder, header: Header): Promise<readonly RawLog[]> {
  const wanted = decoder.addresses
  const logs = await requestLogs(client, { address: wanted, blockHash: header.hash })
  if (logs.length > 0 || !wanted.some((address) => isInBloom(header.logsBloom, address))) return logs
  const others = await requestLogs(client, { blockHash: header.hash })
  if (others.length > 0 && !others.some((log) => decoder.isOurs(log.address))) return []
  throw new ChainInconsistentError(`The logs of block ${header.number} are not there yet.`)
}

type LogFilter = { address?: readonly Address[] } & ({ blockHash: Hash } | { fromBlock: Hex; toBlock: Hex })

/** Logs as the server sends them: an object of ours for each would cost more than all else that is done with it. */
async function requestLogs(client: PublicClient, filter: LogFilter): Promise<readonly RawLog[]> {
  const logs: unknown = await client.request({ method: 'eth_getLogs', params: [filter as never] })
  if (!Array.isArray(logs)) throw new ChainInconsistentError('The chain answered with no list of logs.')
  return logs
}

async function readByRange(client: PublicClient, decoder: Decoder, { from, to }: Near): Promise<Reading> {
  const last = await readHeader(client, to)
  const logs = await requestLogs(client, {
    address: decoder.addresses,
    fromBlock: numberToHex(from),
    toBlock: numberToHex(to),
  })
  const named = new Set([numberToHex(from), ...logs.map(({ blockNumber }) => blockNumber), numberToHex(to)])
  const headers = await readHeaders(client, [...named].map(BigInt).sort(ascending))
  if (headers.at(-1)?.hash !== last.hash)
    throw new ChainInconsistentError(`Block ${to} was replaced while its logs were read.`)
  return { headers, logs }
}

/** Decodes what was read. Each log belongs to its header; a log that was sent twice is one. */
function toRange(decoder: Decoder, { headers, logs }: Reading): BlockRange {
  const blocks = new Map(headers.map((header) => [Number(header.number), { ...header, logs: 0 }]))
  const lines = new Map<EventTable, string[]>()
  let above = { block: -1, index: -1 }
  for (const { log, place } of inOrder(logs, decoder)) {
    const block = blocks.get(place.block)
    if (log.removed || block?.hash !== log.blockHash)
      throw new ChainInconsistentError(`A log of block ${place.block} is of a block that was replaced.`)
    const isSame = place.block === above.block && place.index === above.index
    const event = isSame ? undefined : decoder.decode(log, place)
    above = place
    if (event === undefined) continue
    block.logs++
    const found = lines.get(event.table)
    if (found === undefined) lines.set(event.table, [event.line])
    else found.push(event.line)
  }
  return { headers: [...blocks.values()], lines }
}

type Placed = { log: RawLog; place: { block: number; index: number } }

/** Logs of ours by their place in the chain, which is how almost every server sends them. */
function inOrder(logs: readonly RawLog[], decoder: Decoder): Placed[] {
  const placed: Placed[] = []
  let isOrdered = true
  for (const log of logs) {
    if (!decoder.isOurs(log.address)) continue
    const place = { block: Number(log.blockNumber), index: Number(log.logIndex) }
    const last = placed.at(-1)
    isOrdered &&= last === undefined || compare(last.place, place) <= 0
    placed.push({ log, place })
  }
  return isOrdered ? placed : placed.sort((left, right) => compare(left.place, right.place))
}

const compare = (left: Placed['place'], right: Placed['place']) => left.block - right.block || left.index - right.index

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

const ascending = (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0)
