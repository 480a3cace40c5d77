import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicClient, http } from 'viem'
import { expect, test } from 'vitest'
import { rpcRoutes } from './rpc.js'

test('passes an answer on, unless it is larger than any should be', async () => {
  let filler = 10
  const upstream = createServer((_, outgoing) =>
    outgoing.end(JSON.stringify([{ jsonrpc: '2.0', id: 1, result: 'x'.repeat(filler) }])),
  ).listen(0, '127.0.0.1')
  await new Promise((resolve) => upstream.once('listening', resolve))
  const rpcUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const publicClient = createPublicClient({ transport: http(rpcUrl) })
  const chain = {
    id: 31_337,
    local: true,
    rpcUrl,
    publicClient,
    confirmedBlockNumber: async () => 0n,
    stop: async () => {},
  }
  const [route] = rpcRoutes(chain)
  const ask = () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'eth_getLogs' }
    return route?.handle({ body, params: {}, query: {}, client: '', request: new Request('http://localhost/rpc') })
  }
  try {
    const answer = await ask()
    expect(answer).toBeInstanceOf(Response)
    expect(await (answer as Response).json()).toMatchObject({ result: 'x'.repeat(10) })
    filler = 33 * 1024 * 1024
    await expect(ask()).rejects.toMatchObject({ code: 'chain_unavailable' })
  } finally {
    upstream.closeAllConnections()
    upstream.close()
  }
})
