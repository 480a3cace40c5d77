import { createPublicClient, fallback, http, type PublicClient, type Transport } from 'viem'

export type CreateBatchingClientOptions = {
  rpcUrl: string
  /** How the endpoint is reached. */
  makeTransport?(url: string, config: { retryCount: number; timeout: number; batch?: { batchSize: number } }): Transport
}

/** Calls in one request. Endpoints that take batches take so many. */
const batchSize = 64
const requestTimeoutMs = 20_000

/**
 * A client of a chain for whoever asks much at a time: calls that are made together are one request, which costs an
 * index a tenth of what requests of their own do. An endpoint that refuses a batch is asked one by one. Nothing is tried
 * again: whoever asks knows better what to ask for then.
 */
export function createBatchingClient({ rpcUrl, makeTransport = http }: CreateBatchingClientOptions): PublicClient {
  const config = { retryCount: 0, timeout: requestTimeoutMs }
  const ways = [makeTransport(rpcUrl, { ...config, batch: { batchSize } }), makeTransport(rpcUrl, config)]
  return createPublicClient({ transport: fallback(ways, { retryCount: 0 }), cacheTime: 0 })
}
