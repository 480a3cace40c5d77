import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ImportCandidate, type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openIpfs } from './ipfsSource.js'

const blocks = new Map<string, Uint8Array>()
let answer: (cid: string) => Uint8Array | undefined
let server: Server
let gateway: string
let fetched = 0

beforeAll(async () => {
  server = createServer((request, response) => {
    const cid = /^\/ipfs\/([a-zA-Z0-9]+)\?format=raw$/.exec(request.url ?? '')?.[1] ?? ''
    fetched++
    const block = answer(cid)
    if (block === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw' }).end(block)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  answer = (cid) => blocks.get(cid)
  fetched = 0
})

/** Adds files as `ipfs add` does, and gives the CID of the root. */
async function add(candidates: ImportCandidate[], options: ImporterOptions = {}): Promise<string> {
  const store = {
    async put(cid: { toString(): string }, bytes: unknown) {
      blocks.set(cid.toString(), bytes as Uint8Array)
      return cid
    },
  } as unknown as Parameters<typeof importer>[1]
  let root = ''
  for await (const { cid } of importer(candidates, store, options)) root = cid.toString()
  return root
}

const large = randomBytes(20_000_000)
const slices = async function* () {
  yield large
}

test('a file of many blocks is read whole, from a byte on, and by ranges', async () => {
  const cid = await add([{ path: 'rows.bin', content: slices() }], { wrapWithDirectory: true })
  const source = await openIpfs(`ipfs://${cid}/rows.bin`, { gateway })
  expect([source.fileName, source.bytes]).toEqual(['rows.bin', large.length])
  expect(large.equals(await collectBytes(source.stream()))).toBe(true)
  expect(large.subarray(19_000_000).equals(await collectBytes(source.stream(19_000_000)))).toBe(true)
  expect(large.subarray(262_140, 262_150).equals((await source.read?.(262_140, 262_150)) ?? large)).toBe(true)
})

test('old and new CIDs, one block and none, sharded folders', async () => {
  for (const options of [{ cidVersion: 0, rawLeaves: false }, { cidVersion: 1 }] as const) {
    const cid = await add([{ content: Buffer.from('a\n1\n') }], options)
    expect((await collectBytes((await openIpfs(`ipfs://${cid}`, { gateway })).stream())).length).toBe(4)
    const empty = await add([{ content: Buffer.from('') }], options)
    expect((await openIpfs(`ipfs://${empty}`, { gateway })).bytes).toBe(0)
  }
  const names = Array.from({ length: 400 }, (_, index) => ({
    path: `many/${index}.txt`,
    content: Buffer.from(`${index}`),
  }))
  const cid = await add(names, { wrapWithDirectory: false, shardSplitThresholdBytes: 1_000 })
  const source = await openIpfs(`ipfs://${cid}/123.txt`, { gateway })
  expect(Buffer.from(await collectBytes(source.stream())).toString()).toBe('123')
})

test('a block that was altered, each in turn, yields nothing of it', async () => {
  const content = randomBytes(1_000_000)
  const before = new Set(blocks.keys())
  const cid = await add([{ content }], { chunker: fixedSize({ chunkSize: 100_000 }) })
  const own = [...blocks.keys()].filter((name) => !before.has(name))
  expect(own.length).toBe(11)
  for (const altered of own) {
    answer = (name) => {
      const block = blocks.get(name)
      if (block === undefined || name !== altered) return block
      const copy = block.slice()
      copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1
      return copy
    }
    const attempt = openIpfs(`ipfs://${cid}`, { gateway }).then(({ stream }) => collectBytes(stream()))
    await expect(attempt).rejects.toMatchObject({ code: 'integrity_failed' })
  }
})

test('a block that is missing, too large, or of another hash', async () => {
  const cid = await add([{ content: randomBytes(1_000) }])
  answer = () => undefined
  await expect(openIpfs(`ipfs://${cid}`, { gateway })).rejects.toMatchObject({ code: 'source_unavailable' })
  expect(fetched).toBe(4)
  answer = () => new Uint8Array(3_000_000)
  await expect(openIpfs(`ipfs://${cid}`, { gateway })).rejects.toMatchObject({ code: 'length_mismatch' })
})

test.each(['ipfs://', 'ipfs://../x', 'ipfs://no', `ipfs://${'a'.repeat(200)}`])('%s is no file', async (reference) => {
  await expect(openIpfs(reference, { gateway })).rejects.toMatchObject({ code: 'invalid_request' })
})

test('a folder is no file, and without a gateway nothing is asked', async () => {
  const cid = await add([{ path: 'a.txt', content: Buffer.from('a') }], { wrapWithDirectory: true })
  await expect(openIpfs(`ipfs://${cid}`, { gateway })).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(openIpfs(`ipfs://${cid}/b.txt`, { gateway })).rejects.toMatchObject({ code: 'source_unavailable' })
  await expect(openIpfs(`ipfs://${cid}`, {})).rejects.toMatchObject({ code: 'invalid_request', field: 'ipfsGateway' })
})
