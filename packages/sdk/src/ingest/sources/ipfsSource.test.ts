import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ImportCandidate, type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openFolder } from '../openFolder.js'
import { openIpfs, openIpfsFolder } from './ipfsSource.js'
import { openSource } from './openSource.js'

const blocks = new Map<string, Uint8Array>()
let answer: (cid: string) => Uint8Array | undefined
let server: Server
let gateway: string
let redirect: string | undefined
let fetched = 0

beforeAll(async () => {
  server = createServer((request, response) => {
    const cid = /^\/ipfs\/([a-zA-Z0-9]+)\?format=raw$/.exec(request.url ?? '')?.[1] ?? ''
    fetched++
    const block = answer(cid)
    if (redirect !== undefined) response.writeHead(302, { location: `${redirect}${request.url}` }).end()
    else if (block === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw' }).end(block)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  answer = (cid) => blocks.get(cid)
  redirect = undefined
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

test('a gateway that sends on to what is private is not followed', async () => {
  const cid = await add([{ content: Buffer.from('a') }])
  let asked = 0
  const hidden = createServer((_, response) => {
    asked++
    response.end(blocks.get(cid))
  }).listen(0, '127.0.0.2')
  await once(hidden, 'listening')
  redirect = `http://127.0.0.2:${(hidden.address() as AddressInfo).port}`
  await expect(openIpfs(`ipfs://${cid}`, { gateway })).rejects.toMatchObject({ code: 'unsafe_url' })
  hidden.close()
  expect([fetched, asked]).toEqual([1, 0])
})

test.each(['ipfs://', 'ipfs://../x', 'ipfs://no', `ipfs://${'a'.repeat(200)}`])('%s is no file', async (reference) => {
  await expect(openIpfs(reference, { gateway })).rejects.toMatchObject({ code: 'invalid_request' })
})

test('a folder that is named with a slash is the tar that the same files have here', async () => {
  const files = { 'birds/a.txt': 'gull', 'birds/b/wren.txt': 'wren', 'birds/.hidden': 'x', 'beside.txt': 'y' }
  const candidates = Object.entries(files).map(([path, text]) => ({ path, content: Buffer.from(text) }))
  const cid = await add([...candidates, { path: 'birds/large.bin', content: slices() }], { wrapWithDirectory: true })
  const folder = await mkdtemp(join(tmpdir(), 'ipfs-source-'))
  for (const [path, content] of [...Object.entries(files), ['birds/large.bin', large]] as const) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  const source = await openSource(`ipfs://${cid}/birds/`, { ipfsGateway: gateway })
  const here = await openFolder(join(folder, 'birds'))
  expect([source.fileName, source.leftOut]).toEqual(['birds.tar', [{ path: '.hidden', reason: 'hidden' }]])
  expect(Buffer.compare(await collectBytes(source.stream()), await collectBytes(here.stream()))).toBe(0)
  expect((await openSource(`ipfs://${cid}/`, { ipfsGateway: gateway })).fileName).toBe(`${cid}.tar`)
  await rm(folder, { recursive: true, force: true })

  // Of a block that was altered nothing is published.
  const altered = [...blocks].find(([, block]) => Buffer.from(block).equals(Buffer.from('wren')))?.[0]
  answer = (name) => (name === altered ? Buffer.from('wran') : blocks.get(name))
  const attempt = openIpfsFolder(`ipfs://${cid}/birds/`, { gateway })
  await expect(attempt).rejects.toMatchObject({ code: 'integrity_failed' })
})

test('a folder with what is unsafe, and a file that is named as one, are refused', async () => {
  const unsafe = await add([{ path: 'f/model.pkl', content: Buffer.from('\x80\x04\x95\x0c', 'latin1') }])
  await expect(openIpfsFolder(`ipfs://${unsafe}/`, { gateway })).rejects.toMatchObject({ code: 'unsafe_format' })
  const file = await add([{ content: Buffer.from('a') }])
  await expect(openIpfsFolder(`ipfs://${file}/`, { gateway })).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(openIpfsFolder(`ipfs://${file}/`, {})).rejects.toMatchObject({ field: 'ipfsGateway' })
})

test('a folder is no file, and without a gateway nothing is asked', async () => {
  const cid = await add([{ path: 'a.txt', content: Buffer.from('a') }], { wrapWithDirectory: true })
  await expect(openIpfs(`ipfs://${cid}`, { gateway })).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(openIpfs(`ipfs://${cid}/b.txt`, { gateway })).rejects.toMatchObject({ code: 'source_unavailable' })
  await expect(openIpfs(`ipfs://${cid}`, {})).rejects.toMatchObject({ code: 'invalid_request', field: 'ipfsGateway' })
})
