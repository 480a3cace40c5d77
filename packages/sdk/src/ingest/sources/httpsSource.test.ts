import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openHttps } from './httpsSource.js'

let content: Buffer = Buffer.alloc(0)
let etag = ''
let handle: (request: IncomingMessage, response: ServerResponse) => void
let asked: string[] = []
let server: Server
let base: string

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.range ?? 'whole')
    handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  content = randomBytes(3_000_000)
  etag = `"${createHash('sha256').update(content).digest('hex')}"`
  asked = []
  handle = serve
})

function serve(request: IncomingMessage, response: ServerResponse, cutAfter?: number): void {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
  if (request.headers['if-match'] !== undefined && request.headers['if-match'] !== etag)
    return void response.writeHead(412).end()
  if (from === undefined) {
    response.writeHead(200, { etag, 'content-length': content.length })
    send(content)
    return
  }
  const [start, end] = [Number(from), Math.min(Number(to) + 1, content.length)]
  if (start >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
  response.writeHead(206, {
    etag,
    'content-range': `bytes ${start}-${end - 1}/${content.length}`,
    'content-length': end - start,
  })
  send(content.subarray(start, end))
  function send(body: Buffer): void {
    if (cutAfter === undefined || body.length <= cutAfter) return void response.end(body)
    response.write(body.subarray(0, cutAfter), () => response.destroy())
  }
}

const open = (path = '/rows.csv') => {
  const { port } = new URL(base)
  return openHttps(base + path, { insecure: true, ports: [Number(port)], isAllowed: () => true })
}

test('a file is read whole, from a byte on, and by ranges', async () => {
  const source = await open('/a%20folder/the%20rows.csv?key=1')
  expect([source.fileName, source.bytes]).toEqual(['the rows.csv', content.length])
  expect(content.equals(await collectBytes(source.stream()))).toBe(true)
  expect(content.subarray(1_234).equals(await collectBytes(source.stream(1_234)))).toBe(true)
  expect(content.subarray(5, 9).equals((await source.read?.(5, 9)) ?? new Uint8Array())).toBe(true)
  expect(asked).toEqual(['bytes=0-0', 'bytes=0-2999999', 'bytes=1234-2999999', 'bytes=5-8'])
})

test('a connection that breaks again and again is taken up where it broke', async () => {
  handle = (request, response) => serve(request, response, 700_000)
  const source = await open()
  expect(content.equals(await collectBytes(source.stream()))).toBe(true)
  expect(asked.length).toBeGreaterThanOrEqual(5)
})

test('one that sends nothing at all is given up after five attempts', async () => {
  const source = await open()
  handle = (_, response) => response.destroy()
  await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_unavailable' })
  expect(asked.length).toBe(6)
})

test('a server without ranges is read from the beginning', async () => {
  handle = (request, response) => {
    delete request.headers.range
    serve(request, response)
  }
  const source = await open()
  expect(source.read).toBeUndefined()
  expect(content.subarray(10).equals(await collectBytes(source.stream(10)))).toBe(true)
})

test('a file that changes between two reads is refused, with and without its server knowing conditions', async () => {
  const source = await open()
  const [before, tag] = [source.identity, etag]
  etag = '"another"'
  await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_changed' })
  expect((await open()).identity).not.toBe(before)
  handle = (request, response) => {
    delete request.headers['if-match']
    serve(request, response)
  }
  await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_changed' })
  etag = tag
  content = Buffer.concat([content, Buffer.from('more')])
  await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_changed' })
})

test('an empty file is a file', async () => {
  content = Buffer.alloc(0)
  const source = await open()
  expect([source.bytes, (await collectBytes(source.stream())).length]).toEqual([0, 0])
})

test.each([
  ['no length', { 'transfer-encoding': 'chunked' }, 200, 'length_mismatch'],
  ['a length that is none', { 'content-range': 'bytes 0-0/*' }, 206, 'source_unavailable'],
  ['nothing there', {}, 404, 'source_unavailable'],
  ['a broken server', {}, 500, 'source_unavailable'],
])('%s', async (_, headers, status, code) => {
  handle = (_request, response) => response.writeHead(status, headers as Record<string, string>).end('x')
  await expect(open()).rejects.toMatchObject({ code })
})

test('a server that answers another range, or more than was asked for', async () => {
  const source = await open()
  const lie = (headers: Record<string, string>) => {
    handle = (_, response) => response.writeHead(206, { etag, ...headers }).end(content)
  }
  lie({ 'content-range': `bytes 1-10/${content.length}` })
  await expect(source.read?.(0, 10)).rejects.toMatchObject({ code: 'source_unavailable' })
  lie({ 'content-range': `bytes 0-9/${content.length}` })
  await expect(source.read?.(0, 10)).rejects.toMatchObject({ code: 'length_mismatch' })
})
