import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createRawLogReader } from './readRawLogs.js'

let server: Server
afterEach(() => server.close())

/** An endpoint that gives this answer, and remembers what it was asked. */
async function startEndpoint(status: number, answer: string) {
  const requests: { headers: IncomingMessage['headers']; body: unknown }[] = []
  server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    requests.push({ headers: request.headers, body })
    response.writeHead(status).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { requests, place: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('an answer comes as it was written, and a name and a password go as a header', async () => {
  const answer = '{ "result" :  [] }'
  const { requests, place } = await startEndpoint(200, answer)
  const read = createRawLogReader(`http://na%3Ame:secret@${place}/key`)
  expect((await read({ fromBlock: '0x1', toBlock: '0x2' })).toString()).toBe(answer)
  const params = [{ fromBlock: '0x1', toBlock: '0x2' }]
  expect(requests[0]?.body).toEqual({ jsonrpc: '2.0', id: 1, method: 'eth_getLogs', params })
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('na:me:secret').toString('base64')}`)
})

test('an endpoint that fails is unavailable, and its URL is not told', async () => {
  const { place } = await startEndpoint(503, 'busy')
  const read = createRawLogReader(`http://${place}/key`)
  const error = await read({}).catch((cause: unknown) => cause)
  expect(error).toMatchObject({ code: 'chain_unavailable' })
  expect(`${error}`).toContain('status 503')
  expect(`${error}`).not.toContain('key')
  server.close()
  server.closeAllConnections()
  await expect(read({})).rejects.toMatchObject({ code: 'chain_unavailable' })
})
