import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { storedSchema } from '@agorai/core'
import { afterEach, expect, test } from 'vitest'
import { collectBytes } from '../content/readStream.js'
import { createHttp, type Http } from './createHttp.js'
import { readContent } from './readContent.js'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A real server on a free port, answering as a test says. */
async function serve(listener: RequestListener): Promise<Http> {
  const listening = createServer(listener)
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  return createHttp(new URL(`http://127.0.0.1:${port}/`), fetch)
}

const problem = (code: string, status = 409): [number, string] => [
  status,
  JSON.stringify({ code, detail: 'The reason.', field: 'a.b', details: { block: 7 } }),
]

test('a problem document becomes the error it describes', async () => {
  const http = await serve((_, response) => {
    const [status, body] = problem('not_confirmed')
    response.writeHead(status, { 'content-type': 'application/problem+json' }).end(body)
  })
  await expect(http.json(storedSchema, { path: 'x' })).rejects.toMatchObject({
    code: 'not_confirmed',
    shortMessage: 'The reason.',
    field: 'a.b',
    details: { block: 7 },
  })
})

test.each([
  ['a page of a proxy', 502, '<html>'],
  ['a code that nobody knows', 400, JSON.stringify({ code: 'constructor', detail: 'x' })],
  ['nothing at all', 500, ''],
])('%s is no reason: the node is unavailable', async (_, status, body) => {
  const http = await serve((_, response) => response.writeHead(status).end(body))
  await expect(http.json(storedSchema, { path: 'x' })).rejects.toMatchObject({ code: 'node_unavailable' })
})

test('an answer of another shape, and one that never ends, are refused', async () => {
  const odd = await serve((_, response) => response.end('{"stored":1}'))
  await expect(odd.json(storedSchema, { path: 'x' })).rejects.toMatchObject({ code: 'internal', field: 'stored' })
  server?.close()
  const endless = await serve((_, response) => {
    const send = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', send)
    send()
  })
  await expect(endless.bytes({ path: 'x' }, 1_000_000)).rejects.toMatchObject({ code: 'payload_too_large' })
})

test('reading is tried three times, writing once unless it may be repeated', async () => {
  let asked = 0
  const http = await serve((request) => {
    asked++
    request.socket.destroy()
  })
  await expect(http.json(storedSchema, { path: 'x' })).rejects.toMatchObject({ code: 'node_unavailable' })
  expect(asked).toBe(3)
  await expect(http.json(storedSchema, { method: 'POST', path: 'x', body: () => '{}' })).rejects.toThrow()
  expect(asked).toBe(4)
  const bodies: string[] = []
  const again = { method: 'PUT' as const, path: 'x', body: () => `${bodies.push('made')}`, attemptsMax: 2 }
  await expect(http.json(storedSchema, again)).rejects.toThrow()
  expect([asked, bodies.length]).toEqual([6, 2])
})

test('what the node refuses is not asked again', async () => {
  let asked = 0
  const http = await serve((_, response) => {
    asked++
    const [status, body] = problem('not_found', 404)
    response.writeHead(status).end(body)
  })
  await expect(http.json(storedSchema, { path: 'x' })).rejects.toMatchObject({ code: 'not_found' })
  expect(asked).toBe(1)
})

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => index % 249))

test('a download that breaks off goes on where it stopped', async () => {
  const ranges: (string | undefined)[] = []
  const http = await serve((request, response) => {
    ranges.push(request.headers.range)
    const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0])
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': content.length - start })
    response.write(content.subarray(start, start + 100_000))
    // The connection is cut after 100,000 bytes, again and again.
    if (start < 200_000) setTimeout(() => request.socket.destroy(), 20)
    else response.end()
  })
  const read = await collectBytes(readContent(http, 'cid', content.length))
  expect(Buffer.from(read).equals(content)).toBe(true)
  expect(ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-'])
})

test('a sender that never gets further is given up, and one that sends too much is not believed', async () => {
  let asked = 0
  const stuck = await serve((request, response) => {
    asked++
    const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0])
    response.writeHead(start === 0 ? 200 : 206, { 'content-length': content.length - start })
    response.write(start === 0 ? content.subarray(0, 10) : '')
    setTimeout(() => request.socket.destroy(), 20)
  })
  await expect(collectBytes(readContent(stuck, 'cid', content.length))).rejects.toMatchObject({
    code: 'node_unavailable',
  })
  expect(asked).toBeLessThanOrEqual(7)
  server?.close()
  const generous = await serve((_, response) => response.end(content))
  await expect(collectBytes(readContent(generous, 'cid', content.length - 1))).rejects.toMatchObject({
    code: 'length_mismatch',
  })
})
