import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { devMnemonic, type History } from '@agorai/core'
import { bytecodes } from '@agorai/core/bytecode'
import { getDevAccount } from '@agorai/sdk'
import { checkHistory, type HistoryRequest, readHistory, transferEvents } from '@agorai/sdk/ingest'
import {
  type Address,
  createPublicClient,
  createTestClient,
  createWalletClient,
  erc20Abi,
  http,
  numberToHex,
  parseAbi,
  sha256,
} from 'viem'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'

/** Histories of a real chain: every transfer is there, in order, the same bytes each time, or there is nothing. */

const transfers = 300
let anvil: Awaited<ReturnType<typeof startAnvil>>
let token: Address
let other: Address
let last: bigint
const clientOf = () => createPublicClient({ chain: foundry, transport: http(anvil.rpcUrl) })
const chainOf = () => createTestClient({ mode: 'anvil', chain: foundry, transport: http(anvil.rpcUrl) })

beforeAll(async () => {
  anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  const account = getDevAccount(0, foundry.id)
  const wallet = createWalletClient({ account, chain: foundry, transport: http(anvil.rpcUrl) })
  const client = clientOf()
  const deploy = async (): Promise<Address> => {
    const hash = await wallet.sendTransaction({ data: bytecodes.TestUSD, gas: 5_000_000n })
    const { contractAddress } = await client.waitForTransactionReceipt({ hash, pollingInterval: 5 })
    return contractAddress as Address
  }
  token = await deploy()
  other = await deploy()
  const abi = [...erc20Abi, ...parseAbi(['function mint(address to, uint256 amount)'])]
  for (const address of [token, other])
    await wallet.writeContract({ address, abi, functionName: 'mint', args: [account.address, 10n ** 30n] })
  for (let each = 0; each < transfers; each++) {
    const args = [getDevAccount(1 + (each % 7), foundry.id).address, 10n ** 20n + BigInt(each)] as const
    await wallet.writeContract({ address: token, abi, functionName: 'transfer', args, gas: 100_000n })
    if (each % 10 === 0)
      await wallet.writeContract({ address: other, abi, functionName: 'transfer', args, gas: 100_000n })
  }
  last = await client.getBlockNumber()
  await chainOf().mine({ blocks: 200 })
})
afterAll(() => anvil?.kill())

const request = (more: Partial<HistoryRequest> = {}): HistoryRequest => ({
  rpcUrl: anvil.rpcUrl,
  contracts: [token],
  events: transferEvents,
  fromBlock: 0n,
  toBlock: last,
  ...more,
})

async function readAll(more: Partial<HistoryRequest> = {}): Promise<{ bytes: Buffer; history: History }> {
  const rows = readHistory(request(more))
  const lines: Uint8Array[] = []
  for (;;) {
    const { done, value } = await rows.next()
    if (done === true) return { bytes: Buffer.concat(lines), history: value }
    lines.push(value)
  }
}

const rowsOf = (bytes: Buffer) =>
  bytes
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('each transfer is a row, decoded, with what finds it on the chain; twice the same bytes', async () => {
  const { bytes, history } = await readAll()
  const rows = rowsOf(bytes)
  expect(rows.length).toBe(transfers + 1)
  const client = clientOf()
  const logs = await client.getLogs({ address: token, fromBlock: 0n, toBlock: last })
  expect(rows.map(({ transactionHash, blockHash, logIndex }) => ({ transactionHash, blockHash, logIndex }))).toEqual(
    logs.map(({ transactionHash, blockHash, logIndex }) => ({ transactionHash, blockHash, logIndex })),
  )
  expect(rows[1]).toMatchObject({
    event: 'Transfer',
    args: { value: String(10n ** 20n) },
    address: token.toLowerCase(),
  })
  const [first, end] = [await client.getBlock({ blockNumber: 0n }), await client.getBlock({ blockNumber: last })]
  expect(history).toMatchObject({
    chain: `eip155:${foundry.id}`,
    firstHash: first.hash,
    lastHash: end.hash,
    headers: 'hashed',
    toBlock: String(last),
  })
  const hashes = await Promise.all(
    Array.from({ length: Number(last) + 1 }, (_, number) => client.getBlock({ blockNumber: BigInt(number) })),
  )
  expect(history.headersDigest).toBe(sha256(`0x${hashes.map(({ hash }) => hash.slice(2)).join('')}`))
  const again = await readAll({ chain: `eip155:${foundry.id}` })
  expect(again.bytes.equals(bytes)).toBe(true)
  expect(again.history).toEqual(history)
})

test('several contracts, all events without a signature, and a range in the middle', async () => {
  const both = rowsOf((await readAll({ contracts: [other, token], events: [] })).bytes)
  expect(both.length).toBe(transfers + 1 + transfers / 10 + 1)
  expect(both.every((row) => row.args === undefined && row.topics.length === 3)).toBe(true)
  const middle = rowsOf((await readAll({ fromBlock: 50n, toBlock: 60n })).bytes)
  expect(middle.length).toBeGreaterThan(0)
  expect(middle.every(({ blockNumber }) => blockNumber >= 50 && blockNumber <= 60)).toBe(true)
  expect((await readAll({ fromBlock: last + 1n, toBlock: last + 2n })).bytes.length).toBe(0)
})

test('a range that is not final is refused, and the last final block is named', async () => {
  const attempt = readAll({ toBlock: last + 200n })
  await expect(attempt).rejects.toMatchObject({ code: 'not_final', details: { last: expect.any(Number) } })
  const { history } = await readAll({ fromBlock: last, toBlock: undefined })
  expect(BigInt(history.toBlock)).toBeGreaterThanOrEqual(last)
  expect((await readAll({ toBlock: last + 150n, confirmations: 50 })).history.toBlock).toBe(String(last + 150n))
  await expect(readAll({ toBlock: last + 151n, confirmations: 50 })).rejects.toMatchObject({ code: 'not_final' })
})

test.each([
  ['another chain', { chain: 'eip155:1' }, 'invalid_request'],
  ['no contract', { contracts: [] }, 'invalid_request'],
  ['a signature that is none', { events: ['Transfer(address'] }, 'invalid_request'],
  ['arguments without names', { events: ['Transfer(address,address,uint256)'] }, 'invalid_request'],
  ['a range that ends before it begins', { fromBlock: 9n, toBlock: 8n }, 'invalid_request'],
  ['a node that is not there', { rpcUrl: 'http://127.0.0.1:1' }, 'chain_unavailable'],
])('%s', async (_, more, code) => {
  await expect(readAll(more)).rejects.toMatchObject({ code })
})

describe('a history is checked by reading it again', () => {
  const slices = async function* (bytes: Buffer, length: number) {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
  }

  test('what the chain says holds, however it is sliced', async () => {
    const { bytes, history } = await readAll({ toBlock: 40n })
    for (const length of [1, 777, bytes.length])
      await checkHistory(history, slices(bytes, length), { rpcUrl: anvil.rpcUrl })
  })

  test('a row left out, altered or added, and other hashes, do not', async () => {
    const { bytes, history } = await readAll({ toBlock: 40n })
    const lines = bytes.toString().split('\n')
    const wrong = [
      Buffer.from(lines.toSpliced(3, 1).join('\n')),
      Buffer.from(lines.toSpliced(-2, 1).join('\n')),
      Buffer.from(bytes.toString().replace('"logIndex":0', '"logIndex":1')),
      Buffer.concat([bytes, Buffer.from(`${lines[0]}\n`)]),
      bytes.subarray(0, -1),
    ]
    for (const content of wrong) {
      const attempt = checkHistory(history, slices(content, 1_000), { rpcUrl: anvil.rpcUrl })
      await expect(attempt).rejects.toMatchObject({ code: 'integrity_failed' })
    }
    for (const field of ['firstHash', 'lastHash', 'headersDigest'] as const) {
      const other = { ...history, [field]: `0x${'1'.repeat(64)}` }
      const attempt = checkHistory(other, slices(bytes, 1_000), { rpcUrl: anvil.rpcUrl })
      await expect(attempt).rejects.toMatchObject({ code: 'integrity_failed' })
    }
  })
})

describe('a node that', () => {
  type Call = { id: number; method: string; params: [{ fromBlock: string; toBlock: string }] }
  type Answer = { result?: unknown; error?: { code: number; message: string } }

  /** Stands between the reader and the chain, and changes what it answers. */
  async function behind(change: (call: Call, answer: Answer) => Answer, work: (rpcUrl: string) => Promise<void>) {
    const server = createServer(async (incoming, outgoing) => {
      const parts: Buffer[] = []
      for await (const part of incoming) parts.push(part)
      const body = Buffer.concat(parts).toString()
      const headers = { 'content-type': 'application/json' }
      const answer = await (await fetch(anvil.rpcUrl, { method: 'POST', body, headers })).json()
      const calls = JSON.parse(body)
      const one = (call: Call, given: Answer) => ({ jsonrpc: '2.0', id: call.id, ...change(call, given) })
      const changed = Array.isArray(calls)
        ? calls.map((call, index) => one(call, toAnswer(answer[index])))
        : one(calls, toAnswer(answer))
      outgoing.writeHead(200, headers).end(JSON.stringify(changed))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    } finally {
      server.close()
    }
  }
  const toAnswer = ({ result, error }: Answer): Answer => (error === undefined ? { result } : { error })
  const changeLogs =
    (change: (logs: Record<string, unknown>[]) => unknown) =>
    (call: Call, answer: Answer): Answer =>
      call.method === 'eth_getLogs' ? { result: change(answer.result as Record<string, unknown>[]) } : answer

  test('refuses large ranges is asked for smaller ones, and gives the same bytes', async () => {
    const { bytes } = await readAll()
    let largest = 0
    const limited = (call: Call, answer: Answer): Answer => {
      if (call.method !== 'eth_getLogs') return answer
      const span = Number(call.params[0].toBlock) - Number(call.params[0].fromBlock) + 1
      if (span > 20) return { error: { code: -32_005, message: 'query returned more than 10000 results' } }
      largest = Math.max(largest, span)
      return answer
    }
    await behind(limited, async (rpcUrl) => {
      expect((await readAll({ rpcUrl })).bytes.equals(bytes)).toBe(true)
    })
    expect(largest).toBeGreaterThan(10)
  })

  test.each([
    ['alters an address', (logs) => logs.map((log) => ({ ...log, address: other })), 'integrity_failed'],
    [
      'invents a log of the contract in a block that has none',
      (logs) => [{ ...logs[0], blockNumber: '0x0', blockHash: undefined }],
      'source_changed',
    ],
    [
      'invents a topic',
      (logs) => logs.map((log) => ({ ...log, topics: [(log.topics as string[])[0], `0x${'9'.repeat(64)}`] })),
      'integrity_failed',
    ],
    ['tells one twice', (logs) => [...logs, ...logs.slice(0, 1)], 'integrity_failed'],
    [
      'moves one to another block',
      (logs) => logs.map((log) => ({ ...log, blockHash: `0x${'7'.repeat(64)}` })),
      'source_changed',
    ],
    ['takes one back', (logs) => logs.map((log) => ({ ...log, removed: true })), 'source_changed'],
  ] as [string, (logs: Record<string, unknown>[]) => unknown, string][])(
    '%s is not believed',
    async (_, change, code) => {
      await behind(changeLogs(change), async (rpcUrl) => {
        await expect(readAll({ rpcUrl, toBlock: 40n })).rejects.toMatchObject({ code })
      })
    },
  )

  test('changes its chain meanwhile is found out, by links and at the end', async () => {
    const forged = (at: string) => (call: Call, answer: Answer) =>
      call.method === 'eth_getBlockByNumber' && (call.params[0] as unknown) === at
        ? { result: { ...(answer.result as object), hash: `0x${'5'.repeat(64)}` } }
        : answer
    for (const at of [numberToHex(20n), numberToHex(39n)])
      await behind(forged(at), async (rpcUrl) => {
        await expect(readAll({ rpcUrl, toBlock: 40n })).rejects.toMatchObject({ code: 'source_changed' })
      })
    let asked = 0
    const late = (call: Call, answer: Answer) =>
      call.method === 'eth_getBlockByNumber' && (call.params[0] as unknown) === numberToHex(40n) && ++asked === 2
        ? { result: { ...(answer.result as object), hash: `0x${'5'.repeat(64)}` } }
        : answer
    await behind(late, async (rpcUrl) => {
      await expect(readAll({ rpcUrl, toBlock: 40n })).rejects.toMatchObject({ code: 'source_changed' })
    })
  })
})
