import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createBatchingClient } from './batchingClient.js'

type Call = { id: number; params: [string] }

let server: Server
afterEach(() => server.close())

/** An endpoint that answers a call with what it is asked for. Batches with the last call first, or not at all. */
async function startEndpoint(takesBatches: boolean) {
  const sizes: number[] = []
  const answer = ({ id, params }: Call) => ({ jsonrpc: '2.0', id, result: params[0] })
  const refusal = { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'batches are not served' } }
  server = createServer(async (request, response) => {
    const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Call | Call[]
    sizes.push(Array.isArray(asked) ? asked.length : 1)
    const body = !Array.isArray(asked) ? answer(asked) : takesBatches ? asked.map(answer).reverse() : refusal
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = createBatchingClient({ rpcUrl: `http://127.0.0.1:${port}` })
  const heights = Array.from({ length: 150 }, (_, number) => `0x${number.toString(16)}` as const)
  const ask = () =>
    Promise.all(heights.map((height) => client.request({ method: 'eth_getBlockByNumber', params: [height, false] })))
  return { sizes, heights, ask }
}

test('calls that are made together are few requests, each answered with its own', async () => {
  const { sizes, heights, ask } = await startEndpoint(true)
  expect(await ask()).toEqual(heights)
  expect(sizes.sort((left, right) => right - left)).toEqual([64, 64, 22])
})

test('an endpoint that refuses batches is asked one by one', async () => {
  const { sizes, heights, ask } = await startEndpoint(false)
  expect(await ask()).toEqual(heights)
  expect(sizes.filter((size) => size === 1)).toHaveLength(heights.length)
})
