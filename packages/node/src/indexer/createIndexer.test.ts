import { expect, test } from 'vitest'
import { openPglite } from '../adapters/database/pglite.js'
import { createIndexer } from './createIndexer.js'
import { heights } from './readBlocks.js'
import { testHeader } from './testRanges.js'
import { addresses, type LogFilter, rpcLog, serverOf } from './testServer.js'

const logsPerBlock = 100
const lastWithLogs = 200n
const head = 300n
const byHash = new Map(heights(0n, head).map((number) => [testHeader(number).hash, number]))

test('a step has no more events than it aims at, though the next one is asked for before it is known', async () => {
  const asked: number[] = []
  const logs = ({ blockHash = '0x', fromBlock, toBlock }: LogFilter) => {
    const [one = 0n] = [byHash.get(blockHash)]
    const numbers = heights(BigInt(fromBlock ?? one), BigInt(toBlock ?? one))
    asked.push(numbers.length * logsPerBlock)
    return numbers
      .filter((number) => number <= lastWithLogs)
      .flatMap((number) => Array.from({ length: logsPerBlock }, (_, index) => rpcLog(number, index)))
  }
  const database = await openPglite({ schema: 'steps' })
  const client = serverOf({ head, logs })
  const manifests = { get: async () => undefined }
  const indexer = await createIndexer({ database, client, addresses, manifests, startBlock: 1n })
  await indexer.sync()
  const [count] = await database.query('SELECT count(*) FROM events')
  await database.close()
  expect(count).toEqual({ count: lastWithLogs * BigInt(logsPerBlock) })
  expect(Math.max(...asked)).toBe(8_000)
})
