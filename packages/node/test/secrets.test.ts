import type { ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { concatBytes } from 'viem'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { openMasterKeys } from '../src/adapters/keys/masterKeys.js'
import { readNewestBackup } from '../src/maintenance/keyBackup.js'
import { spawnProgram } from './program.js'
import { needlesOf, scanFolder, windowsOf } from './secretScan.js'
import {
  buy,
  buyer,
  confirmed,
  deliveryBody,
  erase,
  grantOf,
  isKeyGone,
  newFolder,
  nodeAt,
  postDelivery,
  problemOf,
  publish,
  removeFolder,
  type SealedAsset,
  type Sold,
  sealAsset,
  seller,
  type TestNode,
  untilKeyGone,
  uploadAll,
  uploadContent,
  uploadKey,
} from './support.js'

/** A whole life of a node in processes of its own, and then all files that it left behind. */
const canary = 'CANARY-3f1c-nobody-but-the-buyer-reads-this-line'

let root: string
let running: { child: ChildProcess; exited: Promise<unknown>; node: TestNode } | undefined
let starts = 0
let asset: SealedAsset
let other: SealedAsset
let sold: Sold
let otherSold: Sold
const at = (...names: string[]) => join(root, ...names)

function spawnHere(data: string, args: readonly string[]) {
  const settings = { HOME: at('home'), TMPDIR: at('temporary') }
  const child = spawnProgram('agoraiNode', [...args, '--json', '--data-dir', data], settings)
  for (const name of ['stdout', 'stderr'] as const)
    child[name].pipe(createWriteStream(at('logs', `${++starts}-${name}.log`)))
  return child
}

async function start(data: string): Promise<TestNode> {
  const child = spawnHere(data, ['start', '--port', '0'])
  const exited = new Promise<unknown>((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const said = JSON.parse(line) as { event?: string; url?: string }
      if (said.event === 'ready' && said.url !== undefined) resolve(said.url)
    })
    void exited.then((code) => reject(new Error(`the node ended (${String(code)})`)))
  })
  const node = await nodeAt(url, data)
  running = { child, exited, node }
  return node
}

async function end(signal: NodeJS.Signals): Promise<void> {
  running?.child.kill(signal)
  await running?.exited
  running = undefined
}

async function command(data: string, ...args: string[]): Promise<unknown> {
  const child = spawnHere(data, args)
  return new Promise((resolve) => child.once('close', resolve))
}

async function sellOne(node: TestNode, one: SealedAsset): Promise<Sold> {
  await uploadAll(node, one)
  const pass = await publish(node, one)
  await confirmed(node, await buy(node, pass))
  await grantOf(await postDelivery(node, await deliveryBody(node, pass)))
  return pass
}

beforeAll(async () => {
  root = await newFolder()
  for (const name of ['home', 'temporary', 'logs', 'data']) await mkdir(at(name))
  const text = Array.from({ length: 400 }, (_, line) => `{"line":${line},"text":"${canary}"}\n`).join('')
  const cut = text.indexOf('\n', text.length / 2) + 1
  asset = await sealAsset(new TextEncoder().encode(text), 'jsonl', undefined, [cut, text.length - cut])
  other = await sealAsset(new TextEncoder().encode(`{"text":"${canary}"}\n`), 'jsonl')

  let node = await start(at('data'))
  sold = await sellOne(node, asset)
  otherSold = await sellOne(node, other)
  // Killed in the middle of an upload, of a deposit and of a delivery.
  const more = await sealAsset(new Uint8Array(3_000_000))
  const body = await deliveryBody(node, sold)
  const busy = [uploadContent(node, more), uploadAll(node, other), postDelivery(node, body)]
  const ended = Promise.allSettled(busy)
  await pause(15)
  await end('SIGKILL')
  await ended
  node = await start(at('data'))
  await grantOf(await postDelivery(node, body))
  expect(await command(at('data'), 'backup', at('backup'))).toBe(0)
  expect(await command(at('data'), 'backup-keys', at('backup-of-keys'))).toBe(0)
}, 240_000)
afterEach(() => end('SIGKILL'))
afterAll(() => removeFolder(root))

const secretsIn = ({ secrets }: SealedAsset) =>
  secrets.flatMap(({ contentKey, saltSeed }, partition) =>
    windowsOf(`secrets of partition ${partition}`, concatBytes([contentKey, saltSeed])),
  )

describe('P15: all files of a node that published, sold, delivered, was killed, started again and was backed up', () => {
  test('hold no line of a content and no key of one', { timeout: 240_000 }, async () => {
    await end('SIGTERM')
    const needles = [...needlesOf('the canary', Buffer.from(canary)), ...secretsIn(asset), ...secretsIn(other)]
    const { hits, files, bytes } = await scanFolder(root, needles)
    expect(hits).toEqual([])
    const kinds = await readdir(root)
    expect(kinds).toEqual(expect.arrayContaining(['backup', 'backup-of-keys', 'data', 'logs', 'temporary']))
    expect(await readdir(at('data'))).toEqual(
      expect.arrayContaining(['chain', 'index', 'journal', 'keys', 'keystore', 'storage']),
    )
    console.log(`P15: ${needles.length} needles in ${files} files of ${bytes} bytes: 0 hits`)
  })

  test('and the search finds what is planted, in every form', { timeout: 240_000 }, async () => {
    const [{ contentKey }] = asset.secrets
    const key = Buffer.from(contentKey)
    const planted: Record<string, Buffer> = {
      raw: Buffer.concat([Buffer.from('before'), key, Buffer.from('after')]),
      hex: Buffer.from(`{"key":"0x${key.toString('hex')}"}`),
      upper: Buffer.from(key.toString('hex').toUpperCase()),
      base64: Buffer.from(Buffer.concat([Buffer.from('x'), key, Buffer.from('yz')]).toString('base64')),
      base64url: Buffer.from(Buffer.concat([Buffer.from('xx'), key, Buffer.from('y')]).toString('base64url')),
      numbers: Buffer.from(JSON.stringify([...key])),
      packed: await promisify(gzip)(key),
      content: Buffer.from(`log: ${canary}`),
    }
    const needles = [...needlesOf('the canary', Buffer.from(canary)), ...needlesOf('the key', contentKey)]
    for (const [name, bytes] of Object.entries(planted)) {
      await mkdir(at('planted', name), { recursive: true })
      await writeFile(at('planted', name, 'file'), bytes)
      expect((await scanFolder(at('planted', name), needles)).hits.length, name).toBeGreaterThan(0)
    }
    await rm(at('planted'), { recursive: true })
  })
})

describe('P16: what was erased', () => {
  let refused = 0
  /** The version's own holder, or its owner, asks for the key once more. */
  async function expectErased(node: TestNode, body: string): Promise<void> {
    expect(await problemOf(await postDelivery(node, body))).toMatchObject({ code: 'version_erased' })
    refused += 1
  }

  test('comes back from no backup, and from none at all once the master key is another', {
    timeout: 300_000,
  }, async () => {
    const node = await start(at('data'))
    const body = await deliveryBody(node, sold)
    await grantOf(await postDelivery(node, body))
    await erase(node, sold)
    await untilKeyGone(at('data'), asset)
    for (const each of [
      body,
      await deliveryBody(node, sold),
      await deliveryBody(node, { ...sold, account: seller, withoutOffer: true }),
    ])
      await expectErased(node, each)
    expect(await problemOf(await uploadKey(node, asset))).toMatchObject({ code: 'version_erased' })
    await end('SIGTERM')

    // Everything that was ever copied, put back with everything that the operator has.
    const restored = at('restored')
    await cp(at('data', 'keys'), join(restored, 'keys'), { recursive: true })
    expect(await command(restored, 'restore', at('backup'))).toBe(0)
    expect(await command(restored, 'restore-keys', at('backup-of-keys'))).toBe(0)
    // The chain is the one that goes on: on a chain of the node's own its last state stands for it.
    await rm(join(restored, 'chain'), { recursive: true })
    await cp(at('data', 'chain'), join(restored, 'chain'), { recursive: true })
    expect(await isKeyGone(restored, asset)).toBe(false)
    const again = await start(restored)
    await untilKeyGone(restored, asset)
    for (const each of [body, await deliveryBody(again, sold)]) await expectErased(again, each)
    await grantOf(await postDelivery(again, await deliveryBody(again, { ...otherSold, account: buyer })))
    await end('SIGTERM')

    expect(await command(at('data'), 'rotate-key')).toBe(0)
    const masterKeys = await openMasterKeys(at('data', 'keys', 'master.json'), {
      protection: { by: 'file' },
      isFirstStart: false,
    })
    const opening = readNewestBackup(at('backup-of-keys'), masterKeys, { hours: 24, now: new Date() })
    await expect(opening).rejects.toMatchObject({ code: 'key_store_damaged' })
    refused += 2
    // What is left of the version are a commitment, hashes and noise.
    await rm(restored, { recursive: true })
    const needles = [...needlesOf('the canary', Buffer.from(canary)), ...secretsIn(asset)]
    expect((await scanFolder(root, needles)).hits).toEqual([])
    console.log(`P16: ${refused} ways back refused, and nothing of it in any file`)
  })
})
