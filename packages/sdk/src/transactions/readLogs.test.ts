import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { accessMarketAbi, deployments } from '@agorai/core'
import { encodeAbiParameters, encodeEventTopics, numberToHex } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { createChainClient } from '../createChainClient.js'
import { readLogs } from './readLogs.js'

const [deployment] = Object.values(deployments)
if (deployment === undefined) throw new Error('No deployment is known.')
const { accessMarket: address } = deployment
const head = 23_456n
const bundleId = `0x${'ab'.repeat(32)}` as const

let server: Server | undefined
afterEach(() => {
  server?.close()
})

type Question = { id: number; method: string; params?: { fromBlock: `0x${string}`; toBlock: `0x${string}` }[] }

/** A chain that answers ranges of at most so many blocks, with one log in each block of a list. */
async function connect(rangeMax: bigint, blocks: readonly bigint[]) {
  const asked: bigint[] = []
  const answer = ({ method, params: [range] = [] }: Question) => {
    if (method === 'eth_chainId') return { result: numberToHex(10) }
    if (method === 'eth_blockNumber') return { result: numberToHex(head) }
    const [from, to] = [BigInt(range?.fromBlock ?? 0), BigInt(range?.toBlock ?? 0)]
    asked.push(to - from + 1n)
    if (to - from >= rangeMax) return { error: { code: -32_602, message: 'the range is too large' } }
    return { result: blocks.filter((block) => block >= from && block <= to).map(logAt) }
  }
  const listening = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const questions = JSON.parse(body) as Question | Question[]
    const answers = [questions].flat().map((question) => ({ jsonrpc: '2.0', id: question.id, ...answer(question) }))
    response.writeHead(200).end(JSON.stringify(Array.isArray(questions) ? answers : answers[0]))
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const rpcUrl = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`
  return { asked, client: await createChainClient({ rpcUrl, ...(deployment === undefined ? {} : { deployment }) }) }
}

const logAt = (block: bigint) => ({
  address,
  topics: encodeEventTopics({ abi: accessMarketAbi, eventName: 'BundleClosed', args: { bundleId } }),
  data: encodeAbiParameters([], []),
  blockNumber: numberToHex(block),
  blockHash: `0x${'01'.repeat(32)}`,
  transactionHash: `0x${'02'.repeat(32)}`,
  transactionIndex: '0x0',
  logIndex: '0x0',
  removed: false,
})

const question = { address, abi: accessMarketAbi, eventName: 'BundleClosed' } as const

test.each([30_000n, 10_000n, 1_700n])(
  'an endpoint that answers %i blocks at once tells every log, once',
  async (max) => {
    const blocks = [0n, 1n, 9_999n, 10_000n, 10_001n, 23_455n, head]
    const { client } = await connect(max, blocks)
    const logs = await readLogs(client, question)
    expect(logs.map(({ blockNumber }) => blockNumber)).toEqual(blocks)
    expect(logs[0]?.args).toEqual({ bundleId })
  },
)

test('a range is asked for as it was named, and none behind the head', async () => {
  const { client, asked } = await connect(30_000n, [10n, 20n, 30n])
  const logs = await readLogs(client, { ...question, fromBlock: 11n, toBlock: 29n })
  expect(logs.map(({ blockNumber }) => blockNumber)).toEqual([20n])
  expect(asked).toEqual([19n])
  expect(await readLogs(client, { ...question, fromBlock: head + 1n })).toEqual([])
})

test('an endpoint that refuses a single block is unavailable', async () => {
  const { client, asked } = await connect(0n, [])
  await expect(readLogs(client, { ...question, toBlock: 100n })).rejects.toMatchObject({ code: 'chain_unavailable' })
  expect(asked.at(-1)).toBe(1n)
})
