import { createBatchingClient } from '../adapters/chain/batchingClient.js'
import { createRawLogReader } from '../adapters/chain/readRawLogs.js'
import { observeCalls } from '../adapters/telemetry/observe.js'
import type { CreateIndexerParameters } from '../indexer/createIndexer.js'
import type { Telemetry } from './telemetry.js'

/** How an index reads a chain: headers many in one request, logs as the endpoint writes them. */
export const indexReaders = (
  rpcUrl: string,
  { makeTransport, metrics }: Pick<Telemetry, 'makeTransport' | 'metrics'>,
): Required<Pick<CreateIndexerParameters, 'client' | 'readLogs'>> => ({
  client: createBatchingClient({ rpcUrl, makeTransport }),
  readLogs: observeCalls('eth_getLogs', createRawLogReader(rpcUrl), metrics),
})
