import { createHash } from 'node:crypto'
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AssetDetail, devMnemonic, manifestDigest } from '@agorai/core'
import {
  type AgoraiClient,
  buyOffer,
  collectBytes,
  computeContentCid,
  createAgoraiClient,
  fetchDelivery,
  getAsset,
  getDevAccount,
  searchAssets,
} from '@agorai/sdk'
import { foundry } from 'viem/chains'
import { afterEach, expect, test } from 'vitest'
import { type AnvilProcess, startAnvil } from '../packages/node/src/adapters/chain/anvilProcess.js'
import type { NodeConfig } from '../packages/node/src/config.js'
import { removeFolder, startTestNode, type TestNode } from '../packages/node/test/support.js'
import { publishRows } from './hostileText.js'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
}, 60_000)

async function startChain(): Promise<AnvilProcess> {
  const anvil = await startAnvil({ chainId: foundry.id, mnemonic: devMnemonic })
  closing.push(anvil.kill)
  return anvil
}

async function startNode(
  anvil: AnvilProcess,
  config: Partial<NodeConfig> = {},
): Promise<TestNode & { gone(): Promise<void> }> {
  const node = await startTestNode({ rpcUrl: anvil.rpcUrl, ...config })
  let isGone = false
  const gone = async () => {
    if (isGone) return
    isGone = true
    await node.stop()
    await removeFolder(node.folder)
  }
  closing.push(gone)
  return { ...node, gone }
}

async function until(what: string, check: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await check()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`never: ${what}`)
}

const seller = getDevAccount(1, foundry.id)
/** The asset, once the node's index has seen it. */
async function indexed(client: AgoraiClient, asset: bigint): Promise<AssetDetail> {
  await until('the asset', () =>
    getAsset(client, { asset }).then(
      () => true,
      () => false,
    ),
  )
  return getAsset(client, { asset })
}

const nameAt = async (node: TestNode, asset: bigint) =>
  getAsset(await createAgoraiClient({ node: node.url }), { asset }).then(
    ({ name }) => name,
    () => undefined,
  )

test('what is published at one node is found, shown and served by another, also when the first is gone', async () => {
  const anvil = await startChain()
  const first = await startNode(anvil)
  const manifestsOnly = await startNode(anvil, { peers: [first.url] })
  const second = await startNode(anvil, { peers: ['http://127.0.0.1:1', first.url], replicate: 'content' })
  const client = await createAgoraiClient({ node: first.url, account: seller })
  const asset = await publishRows(client, { name: 'Rows that wander', offers: [] })
  const { manifest } = await indexed(client, asset)
  const cid = manifest?.content?.cid ?? ''
  const has = async ({ url }: TestNode) => (await fetch(`${url}/api/v1/content/${cid}`, { method: 'HEAD' })).ok
  for (const node of [manifestsOnly, second]) await until('a name', async () => (await nameAt(node, asset)) !== null)
  await until('content', () => has(second))
  await first.gone()

  const reader = await createAgoraiClient({ node: second.url })
  expect((await searchAssets(reader, { query: 'wander' })).assets.map(({ id }) => id)).toEqual([String(asset)])
  const detail = await getAsset(reader, { asset })
  expect(detail.name).toBe('Rows that wander')
  const digest = detail.version.manifestDigest
  const bytes = new Uint8Array(await (await fetch(`${second.url}/api/v1/manifests/${digest}`)).arrayBuffer())
  expect(manifestDigest(bytes)).toBe(digest)
  const content = new Uint8Array(await (await fetch(`${second.url}/api/v1/content/${cid}`)).arrayBuffer())
  async function* slices() {
    yield content
  }
  expect(await computeContentCid(slices())).toBe(cid)
  const hashes = new Uint8Array(await (await fetch(`${second.url}/api/v1/manifests/${digest}/chunks`)).arrayBuffer())
  expect(Buffer.from(hashes).equals(createHash('sha256').update(content).digest())).toBe(true)
  // Who asked for manifests only has those.
  expect(await nameAt(manifestsOnly, asset)).toBe('Rows that wander')
  expect(await has(manifestsOnly)).toBe(false)
}, 300_000)

test('a node that comes later finds what was published before, and a buyer reads from both', async () => {
  const anvil = await startChain()
  const first = await startNode(anvil)
  const client = await createAgoraiClient({ node: first.url, account: seller })
  const token = client.info.chain.addresses.testUsd ?? '0x'
  const asset = await publishRows(client, { name: 'Rows of before', offers: [{ token, price: 0n, usage: 'internal' }] })
  const detail = await indexed(client, asset)
  const second = await startNode(anvil, { peers: [first.url], replicate: 'content' })
  const cid = detail.manifest?.content?.cid
  await until('content', async () => (await fetch(`${second.url}/api/v1/content/${cid}`, { method: 'HEAD' })).ok)
  const buyer = await createAgoraiClient({ node: first.url, account: getDevAccount(6, foundry.id) })
  const offer = BigInt(detail.offers[0]?.id ?? 0)
  await buyOffer(buyer, { offer, amountMax: 0n })
  const version = BigInt(detail.version.id)
  const delivery = await fetchDelivery(buyer, { version, offer, sources: [second.url, 'http://127.0.0.1:1'] })
  // The key is here; the content comes from whoever is left.
  await first.gone()
  expect(new TextDecoder().decode(await collectBytes(delivery.plaintext()))).toBe('name,value\na,1\nb,2\n')
}, 300_000)

test('what the deny-list of a node names is not brought there', async () => {
  const anvil = await startChain()
  const first = await startNode(anvil)
  const client = await createAgoraiClient({ node: first.url, account: seller })
  const cidOf = async (asset: bigint) => (await indexed(client, asset)).manifest?.content?.cid ?? ''
  const denied = await cidOf(await publishRows(client, { name: 'Rows that are denied', offers: [] }))
  const folder = await mkdtemp(join(tmpdir(), 'agorai-denied-'))
  closing.push(() => removeFolder(folder))
  const denyList = join(folder, 'denied')
  await writeFile(denyList, `cid:${denied}\n`)
  const second = await startNode(anvil, { peers: [first.url], replicate: 'content', denyList })
  const wanted = await cidOf(await publishRows(client, { name: 'Rows that are wanted', offers: [] }))
  await until('content', async () => (await fetch(`${second.url}/api/v1/content/${wanted}`, { method: 'HEAD' })).ok)
  // Both were looked for in the same rounds.
  const stored = (await readdir(second.folder, { recursive: true })).join(' ')
  expect(stored).toContain(wanted)
  expect(stored).not.toContain(denied)
}, 300_000)

test('peers that lie, send without end, redirect or are slow bring nothing here', async () => {
  const anvil = await startChain()
  const first = await startNode(anvil)
  const client = await createAgoraiClient({ node: first.url, account: seller })
  const asset = await publishRows(client, { name: 'Rows to spoil', offers: [] })
  const asked = { lies: 0, redirects: 0, endless: 0 }
  const evil = (kind: keyof typeof asked) =>
    serve((path, response) => {
      asked[kind]++
      if (kind === 'lies') response.end('{"agorai":"1"}')
      else if (kind === 'redirects') response.writeHead(302, { location: `${first.url}${path}` }).end()
      else {
        const send = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        }
        response.on('drain', send)
        send()
      }
    })
  const peers = await Promise.all([evil('lies'), evil('redirects'), evil('endless')])
  const second = await startNode(anvil, { peers, replicate: 'content' })
  await until('all are asked', async () => Object.values(asked).every((times) => times > 0))
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect(await nameAt(second, asset)).toBe(null)
  // What nobody had is not asked for all the time.
  expect(asked.lies).toBeLessThan(4)
}, 300_000)

type Answer = { destroyed: boolean } & Pick<import('node:http').ServerResponse, 'end' | 'write' | 'on' | 'writeHead'>

async function serve(answer: (path: string, response: Answer) => void): Promise<string> {
  const server: Server = createServer((request, response) => answer(request.url ?? '/', response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
