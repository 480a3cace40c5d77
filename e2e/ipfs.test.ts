import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cidOfDigest, devMnemonic, manifestCid } from '@agorai/core'
import { collectBytes, createAgoraiClient, getAsset, getDevAccount, publishAsset } from '@agorai/sdk'
import { openIpfs } from '@agorai/sdk/ingest'
import { CarBlockIterator } from '@ipld/car'
import { exporter } from 'ipfs-unixfs-exporter'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'
import type { NodeConfig } from '../packages/node/src/config.js'
import { removeFolder, startTestNode, type TestNode } from '../packages/node/test/support.js'

const closing: (() => Promise<unknown>)[] = []
let rpcUrl: string
let node: TestNode
let kubo: string
let cid: string
let digest: string
let ciphertext: Uint8Array<ArrayBuffer>
const content = randomBytes(3_000_000)

async function startNode(config: Partial<NodeConfig>): Promise<TestNode> {
  const started = await startTestNode({ rpcUrl, ...config })
  closing.push(async () => {
    await started.stop()
    await removeFolder(started.folder)
  })
  return started
}

/** A process of its own, as an IPFS node is. */
async function startIpfs(...args: string[]): Promise<string> {
  const program = fileURLToPath(new URL('ipfsNode.mjs', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  closing.push(async () => {
    child.kill()
    await once(child, 'exit')
  })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return line.toString().trim()
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`never: ${what}`)
}

beforeAll(async () => {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  closing.push(anvil.kill)
  rpcUrl = anvil.rpcUrl
  kubo = await startIpfs()
  node = await startNode({ ipfs: { api: kubo, gateway: undefined } })
  const client = await createAgoraiClient({ node: node.url, account: getDevAccount(1, foundry.id) })
  const { asset } = await publishAsset(client, {
    content: {
      fileName: 'bytes.bin',
      mediaType: 'application/octet-stream',
      bytes: content.length,
      async *stream() {
        yield content
      },
    },
    rowFormat: 'binary',
    kind: 'dataset',
    name: 'Bytes for IPFS',
    description: 'Three megabytes.',
    tags: [],
    licence: { spdx: 'CC0-1.0', source: 'This test', attribution: 'Nobody' },
    provenance: { description: 'Made for a test.' },
    terms: { royaltyBps: 0 },
    contributors: { bps: 0, leaves: [] },
    metrics: [],
    offers: [],
  })
  await until('the asset', () =>
    getAsset(client, { asset }).then(
      () => true,
      () => false,
    ),
  )
  const detail = await getAsset(client, { asset })
  cid = detail.manifest?.content?.cid ?? ''
  digest = detail.version.manifestDigest
  ciphertext = new Uint8Array(await (await fetch(`${node.url}/api/v1/content/${cid}`)).arrayBuffer())
}, 120_000)
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close()
}, 60_000)

describe('a node is a trustless gateway of IPFS', () => {
  test('of contents and manifests by single blocks, each of which its reader compares', async () => {
    const source = await openIpfs(`ipfs://${cid}`, { gateway: node.url })
    expect(source.bytes).toBe(ciphertext.length)
    expect(Buffer.from(await collectBytes(source.stream())).equals(ciphertext)).toBe(true)
    const manifest = new Uint8Array(await (await fetch(`${node.url}/api/v1/manifests/${digest}`)).arrayBuffer())
    const found = await openIpfs(`ipfs://${manifestCid(manifest)}`, { gateway: node.url })
    expect(Buffer.from(await collectBytes(found.stream())).equals(manifest)).toBe(true)
  })

  test('of whole contents as CAR files', async () => {
    const answer = await fetch(`${node.url}/ipfs/${cid}`, { headers: { accept: 'application/vnd.ipld.car' } })
    expect(answer.headers.get('content-type')).toContain('application/vnd.ipld.car')
    const car = new Uint8Array(await answer.arrayBuffer())
    expect(answer.headers.get('content-length')).toBe(String(car.length))
    const reader = await CarBlockIterator.fromBytes(car)
    expect((await reader.getRoots()).map(String)).toEqual([cid])
    const blocks = new Map<string, Uint8Array>()
    for await (const { cid: each, bytes } of reader) {
      expect(Buffer.from(each.multihash.digest).equals(createHash('sha256').update(bytes).digest())).toBe(true)
      blocks.set(each.toString(), bytes)
    }
    const entry = await exporter(cid, {
      async *get(each: unknown) {
        yield blocks.get(String(each)) as Uint8Array
      },
    } as never)
    if (entry.type !== 'file' && entry.type !== 'raw') throw new Error(`a ${entry.type} came back`)
    expect(Buffer.from(await collectBytes(entry.content())).equals(ciphertext)).toBe(true)
    const again = await fetch(`${node.url}/ipfs/${cid}?format=car`, { method: 'HEAD' })
    expect(again.headers.get('content-length')).toBe(String(car.length))
  })

  test('that says what it does not have and does not do', async () => {
    const unknown = cidOfDigest('raw', randomBytes(32)).text
    const get = async (path: string, accept = 'application/vnd.ipld.raw') => {
      const answer = await fetch(`${node.url}${path}`, { headers: { accept } })
      return [answer.status, ((await answer.json()) as { code: string }).code]
    }
    expect(await get(`/ipfs/${unknown}`)).toEqual([404, 'not_found'])
    expect(await get(`/ipfs/${unknown}?format=car`)).toEqual([404, 'not_found'])
    expect(await get(`/ipfs/${cid}`, '*/*')).toEqual([406, 'not_acceptable'])
    expect(await get(`/ipfs/${cid}`, 'text/html')).toEqual([406, 'not_acceptable'])
    expect(await get(`/ipfs/${cid}?format=tar`)).toEqual([400, 'invalid_request'])
    expect(await get('/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn')).toEqual([400, 'invalid_request'])
  })
})

describe('a node gives an IPFS node what it stores', () => {
  test('once, whole, under the very CID', async () => {
    const isPinned = () => fetch(`${kubo}/api/v0/pin/ls?arg=${cid}`, { method: 'POST' }).then(({ ok }) => ok)
    await until('the pin', isPinned)
    const source = await openIpfs(`ipfs://${cid}`, { gateway: kubo })
    expect(Buffer.from(await collectBytes(source.stream())).equals(ciphertext)).toBe(true)
  })

  test('and believes no other root', async () => {
    const other = cidOfDigest('raw', randomBytes(32)).text
    const liar = await startNode({
      ipfs: { api: await startIpfs(other), gateway: node.url },
      peers: [node.url],
      replicate: 'content',
    })
    await until('a warning', async () => liar.warnings.some((warning) => warning.includes('something else')))
  })
})

test('what no peer has is brought from IPFS', async () => {
  const reader = await startNode({ ipfs: { api: undefined, gateway: node.url }, replicate: 'content' })
  await until('the content', async () => (await fetch(`${reader.url}/api/v1/content/${cid}`, { method: 'HEAD' })).ok)
  const brought = new Uint8Array(await (await fetch(`${reader.url}/api/v1/content/${cid}`)).arrayBuffer())
  expect(Buffer.from(brought).equals(ciphertext)).toBe(true)
  expect((await fetch(`${reader.url}/api/v1/manifests/${digest}`)).ok).toBe(true)
}, 120_000)
