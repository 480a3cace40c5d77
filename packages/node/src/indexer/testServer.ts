import { accessMarketAbi } from '@agorai/core'
import { createPublicClient, custom, type Hex, type PublicClient, toHex } from 'viem'
import { encodeEventTopics, numberToHex } from 'viem/utils'
import { type ScannedLogs, scanLogs } from './scanLogs.js'
import { testAddress, testHash, testHeader } from './testRanges.js'

export const addresses = { assetRegistry: testAddress(1), revenueLedger: testAddress(2), accessMarket: testAddress(3) }

type RpcLog = Record<string, unknown>
type RpcBlock = Record<string, unknown>

export const rpcBlock = (number: bigint, fork?: string, forkedAt?: bigint): RpcBlock => {
  const { hash, parentHash, timestamp } = testHeader(number, fork, forkedAt)
  const bloom = numberToHex(0, { size: 256 })
  return { number: toHex(number), hash, parentHash, timestamp: toHex(timestamp), logsBloom: bloom, transactions: [] }
}

/** An offer that is closed in block `number`. */
export const rpcLog = (number: bigint, logIndex: number, overrides: RpcLog = {}): RpcLog => ({
  address: addresses.accessMarket,
  topics: encodeEventTopics({ abi: accessMarketAbi, eventName: 'OfferClosed', args: { offerId: 1n, asset: 7n } }),
  data: '0x',
  blockNumber: toHex(number),
  blockHash: testHeader(number).hash,
  transactionHash: testHash(`transaction ${number}`),
  transactionIndex: '0x0',
  logIndex: toHex(logIndex),
  removed: false,
  ...overrides,
})

/** Logs as the index finds them in an answer. */
export const scanned = (...logs: readonly object[]): ScannedLogs =>
  scanLogs(Buffer.from(JSON.stringify({ result: logs })))

export type LogFilter = { blockHash?: Hex; fromBlock?: Hex; toBlock?: Hex }
export type Server = {
  head?: bigint
  block?: (number: bigint) => RpcBlock | null
  logs?: (filter: LogFilter) => RpcLog[]
}

/** A server that answers as it is told, be it true or not: no real one can be made to lie. */
export function serverOf({ head = 0n, block = rpcBlock, logs = () => [] }: Server): PublicClient {
  const answers: Record<string, (parameter: Hex & LogFilter) => unknown> = {
    eth_chainId: () => '0x7a69',
    // The treasury is all that is asked of a contract.
    eth_call: () => numberToHex(8, { size: 32 }),
    eth_getBlockByNumber: (tag) => block((tag as string) === 'latest' ? head : BigInt(tag)),
    eth_getLogs: logs,
  }
  const request = async ({ method, params }: { method: string; params: [Hex & LogFilter] }) =>
    answers[method]?.(params?.[0])
  return createPublicClient({ transport: custom({ request }, { retryCount: 0 }), cacheTime: 0 })
}
