import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ContentManifest, chunkBytes, hashChunk, mapChunks } from '@agorai/core'
import { concatBytes } from 'viem/utils'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { createHttp, type Http } from '../http/createHttp.js'
import { readChunks } from './readChunks.js'

const chunks = 37
const plaintextBytes = (chunks - 1) * chunkBytes + 500
const partitions = [20 * chunkBytes, plaintextBytes - 20 * chunkBytes].map((bytes) => ({
  contributor: null,
  bytes,
  rows: 1,
}))
const map = mapChunks({ plaintext: { bytes: plaintextBytes, rows: 2 }, partitions })
const ciphertext = Buffer.alloc(map.bytes)
const content = {
  ...{ cid: 'cid', bytes: map.bytes, chunks, plaintext: { bytes: plaintextBytes, rows: 2 }, partitions },
} as unknown as ContentManifest['content']
let hashes: Uint8Array

beforeAll(async () => {
  for (let index = 0; index < chunks; index++) randomBytes(64).copy(ciphertext, map.spanOf(index).start)
  const each = Array.from({ length: chunks }, (_, index) => hashChunk(chunkAt(index)))
  hashes = concatBytes(await Promise.all(each))
})

const chunkAt = (index: number) => ciphertext.subarray(map.spanOf(index).start, map.spanOf(index).end)

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Sender = { http: Http; asked: number; most: number }

/** A node that sends ranges, of which `change` may spoil one before it goes out. */
async function serve(change: (bytes: Buffer, start: number, asked: number) => Buffer | number = (bytes) => bytes) {
  const sender: Sender = { http: undefined as unknown as Http, asked: 0, most: 0 }
  let running = 0
  const server = createServer((request, response) => {
    sender.asked++
    sender.most = Math.max(sender.most, ++running)
    response.on('close', () => running--)
    const [, first = 0, last = map.bytes - 1] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? []
    const [start, end] = [Number(first), Number(last || map.bytes - 1) + 1]
    const answer = change(Buffer.from(ciphertext.subarray(start, end)), start, sender.asked)
    if (typeof answer === 'number')
      response.writeHead(answer, { 'content-type': 'application/problem+json' }).end(
        JSON.stringify({
          code: answer === 429 ? 'rate_limited' : 'not_found',
          detail: 'No.',
          details: { retryAfterSeconds: 0.05 },
        }),
      )
    else response.writeHead(206).end(answer)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  sender.http = createHttp(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), fetch)
  return sender
}

const all = Array.from({ length: chunks }, (_, index) => index)

async function read(senders: readonly Sender[], wanted = all) {
  const found: number[] = []
  const accused: number[] = []
  const reading = readChunks({
    sources: senders.map(({ http }) => http),
    content,
    hashes,
    wanted,
    onWrong: async (_, index) => void accused.push(index),
  })
  try {
    for await (const { index, sealed } of reading) {
      expect(Buffer.compare(sealed, chunkAt(index))).toBe(0)
      found.push(index)
    }
  } catch (error) {
    return { found, accused, error }
  }
  return { found, accused }
}

test('chunks come in order, from all nodes, a few requests at a time', async () => {
  const senders = [await serve(), await serve(), await serve()]
  expect(await read(senders)).toEqual({ found: all, accused: [] })
  expect(senders.every(({ asked }) => asked > 0)).toBe(true)
  expect(senders.reduce((sum, { asked }) => sum + asked, 0)).toBe(Math.ceil(chunks / 8))
  const alone = await serve()
  await read([alone])
  expect(alone.most).toBeLessThanOrEqual(4)
})

test('only what is wanted is asked for', async () => {
  const sender = await serve()
  const wanted = [3, 4, 19, 20, 36]
  expect(await read([sender], wanted)).toEqual({ found: wanted, accused: [] })
})

test.each([0, 7, 8, 19, 20, 36])(
  'a flipped byte in chunk %i is named at once, and nothing of it comes out',
  async (spoilt) => {
    const { start, end } = map.spanOf(spoilt)
    for (const at of [start, end - 1]) {
      const flip = (bytes: Buffer, from: number) => {
        if (at >= from && at < from + bytes.length) bytes.writeUInt8(bytes.readUInt8(at - from) ^ 1, at - from)
        return bytes
      }
      const alone = await read([await serve(flip)])
      expect(alone.error).toMatchObject({ code: 'integrity_failed', details: { chunk: spoilt } })
      expect([alone.found, alone.accused]).toEqual([all.slice(0, spoilt), [spoilt]])
      expect(await read([await serve(flip), await serve()])).toMatchObject({ found: all })
    }
  },
)

test('who is told to wait waits, who has nothing is passed over, and a broken connection goes on', async () => {
  const busy = await serve((bytes, _, asked) => (asked <= 3 ? 429 : bytes))
  expect(await read([busy])).toEqual({ found: all, accused: [] })
  const empty = await serve(() => 404)
  expect(await read([empty, await serve()])).toEqual({ found: all, accused: [] })
  expect((await read([empty])).error).toMatchObject({ code: 'not_found' })
  const short = await serve((bytes, _, asked) => (asked % 2 === 1 ? bytes.subarray(0, 3_000_000) : bytes))
  expect(await read([short])).toEqual({ found: all, accused: [] })
})

test('a reader that stops early asks for no more', async () => {
  const sender = await serve()
  const reading = readChunks({ sources: [sender.http], content, hashes, wanted: all, onWrong: async () => undefined })
  for await (const { index } of reading) if (index === 2) break
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(sender.asked).toBeLessThanOrEqual(4)
})
