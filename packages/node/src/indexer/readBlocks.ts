import type { Address, Hash, Hex, Log, PublicClient } from 'viem'
import { keccak256 } from 'viem/utils'
import { type Addresses, contractOf, decodeEvent, type EventRecord } from './events.js'

/** What the index keeps of a block's header. */
export type Header = { number: bigint; hash: Hash; parentHash: Hash; timestamp: bigint; logsBloom: Hex }

/** A stretch of one chain, ready to be committed: its last header is the new cursor. */
export type BlockRange = { headers: readonly (Header & { logs: number })[]; records: readonly EventRecord[] }

export type ReadRangeParameters = {
  from: bigint
  to: bigint
  /** From this height on every header is read and every log taken by block hash; below, logs are taken by range. */
  nearFrom: bigint
  /** Hash of block `from - 1`, when it is known. */
  parentHash: Hash | undefined
}

/** The chain moved, or two answers contradict each other: nothing is kept, and it is asked again. */
export class ChainInconsistentError extends Error {
  override readonly name = 'ChainInconsistentError'
}

type MinedLog = Log<bigint, number, false>

const concurrency = 8

/** The header at a height, or at the head. */
export async function readHeader(client: PublicClient, blockNumber?: bigint): Promise<Header> {
  const block = await client.getBlock(
    blockNumber === undefined ? { blockTag: 'latest' } : { blockNumber, includeTransactions: false },
  )
  const { number, hash, parentHash, timestamp, logsBloom } = block
  if (number === null || hash === null || logsBloom === null)
    throw new ChainInconsistentError('The chain answered with a block that is not mined.')
  if (blockNumber !== undefined && number !== blockNumber)
    throw new ChainInconsistentError(`The chain answered block ${number} for block ${blockNumber}.`)
  return { number, hash, parentHash, timestamp, logsBloom }
}

/** Headers of consecutive or scattered heights, a few at a time. Each must be the child of its neighbour below. */
export async function readHeaders(
  client: PublicClient,
  numbers: readonly bigint[],
  parentHash?: Hash,
): Promise<Header[]> {
  const headers: Header[] = []
  for (let i = 0; i < numbers.length; i += concurrency)
    headers.push(...(await Promise.all(numbers.slice(i, i + concurrency).map((number) => readHeader(client, number)))))
  let below: { number: bigint; hash: Hash } | undefined
  const [first] = headers
  if (first !== undefined && parentHash !== undefined) below = { number: first.number - 1n, hash: parentHash }
  for (const header of headers) {
    const isChild = below?.number !== header.number - 1n || below.hash === header.parentHash
    if (!isChild) throw new ChainInconsistentError(`Block ${header.number} does not follow block ${below?.number}.`)
    below = header
  }
  return headers
}

/**
 * Reads the blocks `from` to `to`, with the events of the three contracts. Headers link and logs name their block's hash,
 * so what is read is of one chain; whether that is still the canonical one, the next step asks.
 *
 * @throws ChainInconsistentError when the chain moved meanwhile.
 */
export async function readRange(
  client: PublicClient,
  addresses: Addresses,
  parameters: ReadRangeParameters,
): Promise<BlockRange> {
  const read = parameters.from >= parameters.nearFrom ? readByHash : readByRange
  const { headers, logs } = await read(client, addresses, parameters)
  return toRange(addresses, headers, logs)
}

type Reading = { headers: Header[]; logs: MinedLog[] }

async function readByHash(
  client: PublicClient,
  addresses: Addresses,
  { from, to, parentHash }: ReadRangeParameters,
): Promise<Reading> {
  const headers = await readHeaders(client, heights(from, to), parentHash)
  const logs: MinedLog[] = []
  for (let i = 0; i < headers.length; i += concurrency) {
    const part = headers.slice(i, i + concurrency)
    logs.push(...(await Promise.all(part.map((header) => readLogsOf(client, addresses, header)))).flat())
  }
  return { headers, logs }
}

/**
 * Logs of one block by its hash. A server that has not seen the block yet may answer with none; the header's bloom filter
 * tells: where it speaks of ours, none is believed only if the block has logs of others that explain it.
 */
async function readLogsOf(client: PublicClient, addresses: Addresses, header: Header): Promise<MinedLog[]> {
  const wanted = [addresses.assetRegistry, addresses.revenueLedger, addresses.accessMarket]
  const logs = await client.getLogs({ address: wanted, blockHash: header.hash })
  if (logs.length > 0 || !wanted.some((address) => isInBloom(header.logsBloom, address))) return logs
  const others = await client.getLogs({ blockHash: header.hash })
  if (others.length > 0 && !others.some((log) => contractOf(addresses, log.address) !== undefined)) return []
  throw new ChainInconsistentError(`The logs of block ${header.number} are not there yet.`)
}

async function readByRange(
  client: PublicClient,
  addresses: Addresses,
  { from, to, parentHash }: ReadRangeParameters,
): Promise<Reading> {
  const last = await readHeader(client, to)
  const logs = await client.getLogs({
    address: [addresses.assetRegistry, addresses.revenueLedger, addresses.accessMarket],
    fromBlock: from,
    toBlock: to,
  })
  const numbers = new Set([from, ...logs.map(({ blockNumber }) => blockNumber), to])
  const headers = await readHeaders(client, [...numbers].sort(ascending), parentHash)
  if (headers.at(-1)?.hash !== last.hash)
    throw new ChainInconsistentError(`Block ${to} was replaced while its logs were read.`)
  return { headers, logs }
}

/** Each log belongs to its header; a log that was sent twice is one. */
function toRange(addresses: Addresses, headers: readonly Header[], logs: readonly MinedLog[]): BlockRange {
  const hashes = new Map(headers.map(({ number, hash }) => [number, hash]))
  const records = new Map<string, EventRecord>()
  for (const log of logs) {
    if (contractOf(addresses, log.address) === undefined) continue
    if (log.removed || hashes.get(log.blockNumber) !== log.blockHash)
      throw new ChainInconsistentError(`A log of block ${log.blockNumber} is of a block that was replaced.`)
    const record = decodeEvent(addresses, log)
    if (record !== undefined) records.set(`${log.blockNumber} ${log.logIndex}`, record)
  }
  const counts = new Map<number, number>()
  for (const { row } of records.values()) counts.set(row.block_number, (counts.get(row.block_number) ?? 0) + 1)
  return {
    headers: headers.map((header) => ({ ...header, logs: counts.get(Number(header.number)) ?? 0 })),
    records: [...records.values()],
  }
}

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
