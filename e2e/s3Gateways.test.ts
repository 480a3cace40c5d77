import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { digestOfCid, uploadStateSchema } from '@agorai/core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testEngines } from '../packages/node/src/adapters/database/testDatabases.js'
import { startS3 } from '../packages/node/src/adapters/storage/testStores.js'
import { type Program, startProgram } from '../packages/node/test/program.js'
import {
  newFolder,
  nodeInfo,
  publish,
  removeFolder,
  type SealedAsset,
  sealAsset,
  startTestNode,
  type TestNode,
  uploadContent,
  uploadHeaders,
  uploadKey,
  uploadManifest,
} from '../packages/node/test/support.js'

const server = (await testEngines(process.env.DATABASE_URL)).find(({ name }) => name === 'Postgres')?.url

/** Two gateways, each a process of its own on a disk of its own, over one bucket and one PostgreSQL. */
let folder: string
let host: TestNode
let admin: pg.Client
let s3: Awaited<ReturnType<typeof startS3>>
const programs: Program[] = []
const gateways: TestNode[] = []
const database = `agorai_bucket_${randomBytes(6).toString('hex')}`

beforeAll(async () => {
  if (server === undefined) return
  folder = await newFolder()
  s3 = await startS3()
  admin = new pg.Client({ connectionString: server })
  await admin.connect()
  await admin.query(`CREATE DATABASE ${database}`)
  host = await startTestNode({ dataFolder: join(folder, 'chain') })
  const url = new URL(server)
  url.pathname = `/${database}`
  const { endpoint, region, credentials } = s3.settings
  for (const name of ['first', 'second']) {
    const program = await startProgram({
      AGORAI_ROLES: 'gateway',
      AGORAI_DATA_DIR: join(folder, name),
      AGORAI_STORAGE: `s3://${s3.bucket}/shared`,
      AGORAI_S3_ENDPOINT: endpoint,
      AGORAI_S3_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AGORAI_OPERATOR_KEYS: join(folder, 'keys', 'operator.json'),
      AGORAI_MASTER_KEYS: join(folder, 'keys', 'master.json'),
      AGORAI_JOURNAL: 'postgres',
      AGORAI_RPC_URL: host.rpcUrl,
      AGORAI_CONFIRMATIONS: '0',
      DATABASE_URL: url.href,
    })
    programs.push(program)
    gateways.push({ ...host, url: program.url, info: await nodeInfo(program.url) })
  }
}, 240_000)
afterAll(async () => {
  for (const { child, exited } of programs) {
    child.kill('SIGKILL')
    await exited
  }
  await host?.stop()
  await s3?.close()
  await admin?.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
  await admin?.end()
  if (folder !== undefined) await removeFolder(folder)
}, 60_000)

const [first, second] = [0, 1].map((at) => () => gateways[at] as TestNode) as [() => TestNode, () => TestNode]

async function send(node: TestNode, asset: SealedAsset, start: number, end: number) {
  const range = { 'content-range': `bytes ${start}-${end - 1}/${asset.ciphertext.length}` }
  const answer = await uploadContent(node, asset, {
    headers: range,
    send: Uint8Array.from(asset.ciphertext.subarray(start, end)),
  })
  expect([answer.status, answer.ok ? '' : await answer.text()]).toEqual([200, ''])
  return uploadStateSchema.parse(await answer.json())
}

async function stateAt(node: TestNode, { cid, ciphertext }: SealedAsset) {
  const headers = await uploadHeaders(node, { resource: `content/${cid}`, body: ciphertext, digest: digestOfCid(cid) })
  return uploadStateSchema.parse(await (await fetch(`${node.url}/api/v1/uploads/${cid}`, { headers })).json())
}

describe.skipIf(server === undefined)('an upload over S3', { timeout: 240_000 }, () => {
  test('is begun at one gateway, and continued and finished at the other', async () => {
    const asset = await sealAsset(randomBytes(20_000_000))
    const { length } = asset.ciphertext
    expect(await send(first(), asset, 0, 9_000_000)).toEqual({ received: 9_000_000, stored: null })
    expect(await send(second(), asset, 9_000_000, 15_000_000)).toEqual({ received: 15_000_000, stored: null })
    expect(await send(first(), asset, 15_000_000, length)).toEqual({ received: length, stored: asset.cid })
    expect((await s3.names()).filter((name) => name.includes('uploads/'))).toEqual([])
    expect((await uploadManifest(second(), asset)).status).toBe(200)
    expect((await uploadKey(second(), asset)).status).toBe(200)
    await publish(first(), asset)
    for (const { url } of gateways) {
      const content = await fetch(`${url}/api/v1/content/${asset.cid}`)
      expect(Buffer.from(await content.arrayBuffer()).equals(asset.ciphertext)).toBe(true)
    }
  })

  test('goes on at the other gateway when the first is killed under it', async () => {
    const asset = await sealAsset(randomBytes(30_000_000))
    const { length } = asset.ciphertext
    await send(first(), asset, 0, 5_000_000)
    const hanging = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.from(asset.ciphertext.subarray(5_000_000, 25_000_000))),
    })
    const cut = uploadContent(first(), asset, {
      headers: { 'content-range': `bytes 5000000-${length - 1}/${length}` },
      send: hanging,
    }).catch(() => undefined)
    const pieces = async () => (await s3.names()).filter((name) => name.includes('uploads/')).length
    await expect.poll(pieces, { timeout: 60_000 }).toBeGreaterThan(1)
    programs[0]?.child.kill('SIGKILL')
    await cut
    const { received } = await stateAt(second(), asset)
    expect(received).toBeGreaterThan(5_000_000)
    console.log(`${received} of 25,000,000 bytes outlived the gateway that took them`)
    expect(await send(second(), asset, received, length)).toEqual({ received: length, stored: asset.cid })
    expect(await pieces()).toBe(0)
  })
})
