import { createHash } from 'node:crypto'
import { AgoraiError, canonicalRow, type History, historySchema, isAgoraiError, parseWith } from '@agorai/core'
import { type Address, createClient, type Hex, http, numberToHex } from 'viem'
import { hashHeader, mayContain, type RpcHeader } from './hashHeader.js'
import { readEvents } from './historyEvents.js'

export type HistoryRequest = {
  /** JSON-RPC of any node of the chain. */
  rpcUrl: string
  /** CAIP-2; the node must be of this chain. Default: whatever the node is of. */
  chain?: string | undefined
  contracts: readonly Address[]
  /** Signatures of the events that are rows. None: all of the contracts' logs are, undecoded. */
  events: readonly string[]
  fromBlock: bigint
  /** Default: the last final block. */
  toBlock?: bigint | undefined
  /** Blocks after which one counts as final. Default: what the chain itself says is final. */
  confirmations?: number | undefined
  onProgress?: ((blocks: number, blocksTotal: number) => void) | undefined
}

/** What the reader is told at the end, when all rows have been read. */
export type HistoryRead = AsyncGenerator<Uint8Array, History>

type RpcLog = {
  address: Address
  topics: Hex[]
  data: Hex
  blockNumber: Hex
  blockHash: Hex
  transactionHash: Hex
  logIndex: Hex
  removed?: boolean
}

const spanMax = 2_048
const attemptsMax = 4
const headersAtOnce = 128

/**
 * Reads the logs of contracts over a range of blocks as rows of canonical JSON, one a line, ordered as the chain has them.
 * Each log must stand in a block of one unbroken chain of headers, and in none whose bloom says that it cannot be there.
 * Ranges that a node finds too large are halved. The same range gives the same bytes, from any honest node.
 *
 * A node that leaves logs out is not found by this; whoever doubts it asks another one, and compares.
 *
 * @returns What the manifest states of it.
 * @throws AgoraiError `invalid_request`, `not_final`, `chain_unavailable`, `integrity_failed`, `source_changed`
 */
export async function* readHistory(request: HistoryRequest): HistoryRead {
  const events = readEvents(request.events)
  const rpc = createRpc(request.rpcUrl)
  const chain = `eip155:${BigInt(await rpc<Hex>('eth_chainId', []))}`
  if (request.chain !== undefined && request.chain !== chain)
    throw new AgoraiError('invalid_request', `The node is of ${chain}, not of ${request.chain}.`, { field: 'chain' })
  const last = await lastFinal(rpc, request.confirmations)
  const { fromBlock, toBlock = last } = request
  if (toBlock > last)
    throw new AgoraiError('not_final', `Block ${last} is the last one that is final.`, {
      field: 'toBlock',
      details: { last: Number(last) },
    })
  // What the headers will say is filled in at the end; all else is better said before anything is read.
  const zero = `0x${'0'.repeat(64)}` as const
  const stated = parseWith(historySchema, {
    chain,
    contracts: request.contracts.map((address) => address.toLowerCase()).sort(),
    events: events.signatures,
    fromBlock: String(fromBlock),
    toBlock: String(toBlock),
    ...{ firstHash: zero, lastHash: zero, headersDigest: zero, headers: 'hashed' },
  })
  const addresses = new Set<string>(stated.contracts)
  const digest = createHash('sha256')
  let [firstHash, lastHash]: [Hex | undefined, Hex | undefined] = [undefined, undefined]
  let headers: History['headers'] = 'hashed'
  let span = BigInt(spanMax)

  for (let at = fromBlock; at <= toBlock; ) {
    const end = at + span - 1n > toBlock ? toBlock : at + span - 1n
    const filter = {
      address: stated.contracts,
      ...(events.selectors.length === 0 ? {} : { topics: [events.selectors] }),
      fromBlock: numberToHex(at),
      toBlock: numberToHex(end),
    }
    let logs: RpcLog[]
    try {
      logs = await rpc<RpcLog[]>('eth_getLogs', [filter], span === 1n ? attemptsMax : 1)
    } catch (error) {
      if (span === 1n) throw error
      span /= 2n
      continue
    }
    const blocks = await readHeaders(rpc, at, end)
    for (const block of blocks) {
      if (lastHash !== undefined && block.parentHash !== lastHash) throw moved(block.number)
      if (hashHeader(block) !== block.hash) headers = 'linked'
      digest.update(Buffer.from(block.hash.slice(2), 'hex'))
      firstHash ??= block.hash
      lastHash = block.hash
    }
    const ordered = inOrder(logs)
    for (const [index, log] of ordered.entries()) {
      const before = ordered[index - 1]
      if (before?.blockNumber === log.blockNumber && before.logIndex === log.logIndex) throw toldTwice(log.blockNumber)
      const block = blocks[Number(BigInt(log.blockNumber) - at)]
      assertLog(log, block, { addresses, selectors: events.selectors })
      yield encodeRow(log, events.decode(log))
    }
    request.onProgress?.(Number(end - fromBlock + 1n), Number(toBlock - fromBlock + 1n))
    at = end + 1n
    if (span < spanMax) span *= 2n
  }
  if (firstHash === undefined || lastHash === undefined) throw moved(stated.fromBlock)
  const again = await rpc<RpcHeader | null>('eth_getBlockByNumber', [numberToHex(toBlock), false])
  if (again?.hash !== lastHash) throw moved(stated.toBlock)
  return { ...stated, firstHash, lastHash, headersDigest: `0x${digest.digest('hex')}`, headers }
}

type Rpc = <answer>(method: string, params: unknown[], attempts?: number) => Promise<answer>

function createRpc(rpcUrl: string): Rpc {
  const transport = http(rpcUrl, { retryCount: 0, timeout: 60_000, batch: { batchSize: headersAtOnce, wait: 0 } })
  const client = createClient({ transport })
  return async (method, params, attempts = attemptsMax) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await client.request<never>({ method, params } as never)
      } catch (cause) {
        // What the node says of its failure may quote its own address, and with it a key.
        if (attempt >= attempts)
          throw new AgoraiError('chain_unavailable', `The chain's node does not answer ${method}.`, { cause })
        await new Promise((resume) => setTimeout(resume, 100 * 2 ** attempt))
      }
    }
  }
}

async function lastFinal(rpc: Rpc, confirmations: number | undefined): Promise<bigint> {
  const tag = confirmations === undefined ? 'finalized' : 'latest'
  let block: RpcHeader | null = null
  try {
    block = await rpc<RpcHeader | null>('eth_getBlockByNumber', [tag, false])
  } catch (error) {
    if (!isAgoraiError(error) || tag === 'latest') throw error
  }
  if (block === null)
    throw new AgoraiError('not_final', 'The node does not say what is final: state after how many blocks one is.', {
      field: 'confirmations',
    })
  const last = BigInt(block.number) - BigInt(confirmations ?? 0)
  if (last < 0n) throw new AgoraiError('not_final', 'No block is final yet.', { field: 'toBlock' })
  return last
}

async function readHeaders(rpc: Rpc, from: bigint, to: bigint): Promise<RpcHeader[]> {
  const headers: RpcHeader[] = []
  for (let at = from; at <= to; at += BigInt(headersAtOnce)) {
    const count = Math.min(headersAtOnce, Number(to - at + 1n))
    const numbers = Array.from({ length: count }, (_, index) => at + BigInt(index))
    const read = await Promise.all(
      numbers.map((number) => rpc<RpcHeader | null>('eth_getBlockByNumber', [numberToHex(number), false])),
    )
    for (const [index, header] of read.entries()) {
      if (header === null || BigInt(header.number) !== numbers[index]) throw moved(String(numbers[index]))
      headers.push(header)
    }
  }
  return headers
}

const inOrder = (logs: readonly RpcLog[]): RpcLog[] =>
  [...logs].sort(
    (a, b) => Number(BigInt(a.blockNumber) - BigInt(b.blockNumber)) || Number(BigInt(a.logIndex) - BigInt(b.logIndex)),
  )

function assertLog(
  log: RpcLog,
  block: RpcHeader | undefined,
  { addresses, selectors }: { addresses: ReadonlySet<string>; selectors: readonly Hex[] },
): void {
  const { address, topics, blockHash } = log
  if (block === undefined || blockHash !== block.hash || log.removed === true) throw moved(log.blockNumber)
  const asked =
    addresses.has(address.toLowerCase()) &&
    (selectors.length === 0 || (topics[0] !== undefined && selectors.includes(topics[0])))
  if (asked && [address, ...topics].every((value) => mayContain(block.logsBloom, value))) return
  throw new AgoraiError('integrity_failed', `The node tells a log that block ${BigInt(block.number)} does not have.`)
}

function encodeRow(log: RpcLog, decoded: ReturnType<ReturnType<typeof readEvents>['decode']>): Uint8Array {
  const row = canonicalRow({
    ...decoded,
    address: log.address.toLowerCase(),
    blockHash: log.blockHash,
    blockNumber: Number(BigInt(log.blockNumber)),
    data: log.data,
    logIndex: Number(BigInt(log.logIndex)),
    topics: log.topics,
    transactionHash: log.transactionHash,
  })
  const line = new Uint8Array(row.length + 1)
  line.set(row)
  line[row.length] = 0x0a
  return line
}

const toldTwice = (block: string): AgoraiError =>
  new AgoraiError('integrity_failed', `The node tells a log of block ${BigInt(block)} twice.`)

const moved = (block: string): AgoraiError =>
  new AgoraiError('source_changed', `The chain is not the same any more at block ${BigInt(block)}.`)
