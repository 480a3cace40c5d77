import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chunkBytes } from '@agorai/core'
import { getAsset, publishAsset } from '@agorai/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Marketplace, startMarketplace } from './marketplace.js'

const content = randomBytes(20 * chunkBytes + 12_345)
const repository = fileURLToPath(new URL('..', import.meta.url))
const program = fileURLToPath(new URL('downloadProgram.ts', import.meta.url))

let market: Marketplace
let folder: string
let asset: bigint
let wire: Wire
const children = new Set<ChildProcess>()

/** What stands between a buyer and the node: it counts what passes, and may hold or lose it. */
type Wire = {
  url: string
  server: Server
  /** Bytes of content that were passed on. */
  contentBytes: number
  /** After so many the rest is held back. */
  holdAfter: number
  /** Replies to delivery requests that are lost. */
  repliesToLose: number
  grants: string[]
}

async function startWire(node: string): Promise<Wire> {
  const state = { contentBytes: 0, holdAfter: Number.POSITIVE_INFINITY, repliesToLose: 0, grants: [] as string[] }
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', node)
    const headers = { ...incoming.headers, host: url.host }
    const forwarded = httpRequest(url, { method: incoming.method, headers }, (answer) => {
      const isContent = url.pathname.startsWith('/api/v1/content/')
      if (url.pathname === '/api/v1/deliveries') {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          wire.grants.push(Buffer.concat(parts).toString())
          if (wire.repliesToLose-- > 0) outgoing.destroy()
          else outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(parts))
        })
        return
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.on('data', (part: Buffer) => {
        if (isContent && wire.contentBytes >= wire.holdAfter) {
          answer.pause()
          return
        }
        if (isContent) wire.contentBytes += part.length
        outgoing.write(part)
      })
      answer.on('end', () => outgoing.end())
      answer.on('error', () => outgoing.destroy())
    })
    forwarded.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { ...state, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-resume-'))
  market = await startMarketplace({ contentBytesMax: 64 * 1024 * 1024 })
  wire = await startWire(market.node.url)
  const published = await publishAsset(market.ada, {
    content: {
      fileName: 'bytes.bin',
      mediaType: 'application/octet-stream',
      bytes: content.length,
      async *stream() {
        for (let at = 0; at < content.length; at += 1 << 20) yield content.subarray(at, at + (1 << 20))
      },
    },
    rowFormat: 'binary',
    kind: 'dataset',
    name: 'Bytes to go on with',
    description: 'Twenty chunks.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'This test', attribution: 'Nobody' },
    provenance: { description: 'Made for a test.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    offers: [],
  })
  asset = published.asset
  await until('the asset', () =>
    getAsset(market.ada, { asset }).then(
      () => true,
      () => false,
    ),
  )
}, 180_000)
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  wire.server.closeAllConnections()
  wire.server.close()
  await market.stop()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1_200; attempt++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`never: ${what}`)
}

/** `agorai download` in a process of its own. */
function download(output: string) {
  const args = ['--conditions=@agorai/source', '--import', 'tsx', program, 'download', String(asset)]
  const child = spawn(process.execPath, [...args, '--account', 'dev:1', '--output', join(folder, output), '--json'], {
    cwd: repository,
    env: { PATH: process.env.PATH ?? '', AGORAI_NODE: wire.url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (said += part))
  const ended = once(child, 'exit').then(([code]) => ({ code: code as number | null, said }))
  return { child, ended }
}

const draftOf = (output: string) => join(folder, `.agorai-download-${output}`)
const draftBytes = (output: string) =>
  stat(join(draftOf(output), 'bytes.bin')).then(
    ({ size }) => size,
    () => 0,
  )

test('a download that is killed goes on where it was, and what was spoilt meanwhile comes again', async () => {
  // Sixteen chunks, then nothing more.
  wire.holdAfter = 16 * chunkBytes
  const first = download('bought')
  await until('some of it is written', async () => (await draftBytes('bought')) >= 3 * chunkBytes)
  first.child.kill('SIGKILL')
  await first.ended
  expect(await stat(join(folder, 'bought')).catch(() => undefined)).toBeUndefined()

  // The second chunk from the end of what is there is spoilt, as by a power cut.
  const before = await draftBytes('bought')
  const right = Math.floor(before / chunkBytes) - 2
  const file = await open(join(draftOf('bought'), 'bytes.bin'), 'r+')
  await file.write(Buffer.from([1, 2, 3, 4, 5]), 0, 5, right * chunkBytes + 7)
  await file.close()

  wire.holdAfter = Number.POSITIVE_INFINITY
  wire.contentBytes = 0
  const second = await download('bought').ended
  expect(second.code, second.said).toBe(0)
  expect(content.equals(await readFile(join(folder, 'bought', 'bytes.bin')))).toBe(true)
  expect((await readdir(join(folder, 'bought'))).sort()).toEqual(['bytes.bin', 'delivery.json', 'manifest.json'])
  expect((await stat(join(folder, 'bought', 'delivery.json'))).mode & 0o077).toBe(0)
  expect(await readdir(folder)).toEqual(['bought'])
  // Only what was missing or spoilt came again: each chunk is 16 bytes longer sealed.
  const missing = content.length - right * chunkBytes
  expect(wire.contentBytes).toBe(missing + 16 * Math.ceil(missing / chunkBytes))
}, 300_000)

test('a draft of something else is not gone on with', async () => {
  wire.holdAfter = 16 * chunkBytes
  wire.contentBytes = 0
  const first = download('other')
  await until('some of it is written', async () => (await draftBytes('other')) >= chunkBytes)
  first.child.kill('SIGKILL')
  await first.ended
  const manifest = await open(join(draftOf('other'), 'manifest.json'), 'r+')
  await manifest.write('x', 0)
  await manifest.close()
  wire.holdAfter = Number.POSITIVE_INFINITY
  wire.contentBytes = 0
  expect((await download('other').ended).code).toBe(0)
  expect(wire.contentBytes).toBe(content.length + 16 * 21)
  expect(content.equals(await readFile(join(folder, 'other', 'bytes.bin')))).toBe(true)
}, 300_000)

test('a lost reply is asked for again, and is the same grant', async () => {
  wire.holdAfter = Number.POSITIVE_INFINITY
  wire.repliesToLose = 2
  wire.grants = []
  expect((await download('lost').ended).code).toBe(0)
  expect(wire.grants).toHaveLength(3)
  expect(new Set(wire.grants).size).toBe(1)
}, 300_000)
