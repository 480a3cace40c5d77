import { cp, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openChargeLog } from '../src/adapters/journal/chargeLog.js'
import { run as runCommand } from '../src/agoraiNode.js'
import { spawnProgram } from './program.js'
import {
  commitmentOf,
  deliveryBody,
  grantOf,
  keyFileIn,
  newFolder,
  postDelivery,
  removeFolder,
  type SealedAsset,
  type Sold,
  sealAsset,
  sell,
  startTestNode,
  type TestNode,
  uploadContent,
} from './support.js'

type Outcome = { code: number | null; lines: Record<string, unknown>[]; errors: string }

/** Runs the command in a process of its own, as an operator does. */
function runAlone(args: readonly string[]): Promise<Outcome> {
  const child = spawnProgram('agoraiNode', [...args, '--json'], { HOME: folder })
  let out = ''
  let errors = ''
  child.stdout.on('data', (data) => {
    out += String(data)
  })
  child.stderr.on('data', (data) => {
    errors += String(data)
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, lines: linesOf(out), errors })))
}

/** Runs the command in this process, which spares it the seconds of a start. */
async function run(own: string, args: readonly string[], settings: Record<string, string> = {}): Promise<Outcome> {
  let out = ''
  let errors = ''
  const writes = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text)
      return true
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      errors += String(text)
      return true
    }),
  ]
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
  try {
    const code = await runCommand([...args, '--data-dir', own, '--json'])
    return { code, lines: linesOf(out), errors }
  } finally {
    for (const write of writes) write.mockRestore()
    vi.unstubAllEnvs()
  }
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** Two charges that wait to be given to the journal. @returns The file that they are in. */
async function chargeTwice(own: string): Promise<string> {
  const log = await openChargeLog(join(own, 'charges'))
  for (const call of ['[1]', '[2]']) await log.append({ kind: 'charge', session: 'of no journal', lease: 1, call })
  await log.close()
  return (
    (await readdir(join(own, 'charges')))
      .filter((name) => name.endsWith('.log'))
      .toSorted()
      .at(-1) ?? ''
  )
}

const contentFileIn = (folder: string, { cid }: SealedAsset) => join(folder, 'storage', 'content', cid.slice(-2), cid)

let folder: string
let copies: string
let node: TestNode | undefined
let asset: SealedAsset
let sold: Sold
let parts: SealedAsset

beforeAll(async () => {
  folder = await newFolder()
  copies = await newFolder()
  node = await startTestNode({ dataFolder: folder })
  ;({ asset, sold } = await sell(node, new Uint8Array(2_500_000).fill(7)))
  ;({ asset: parts } = await sell(node, new Uint8Array(700)))
}, 60_000)
afterAll(async () => {
  await node?.stop()
  for (const each of [folder, copies]) await removeFolder(each)
})

describe('a backup', { timeout: 180_000 }, () => {
  test('is made while the node runs, and only of what is new the next time; keys go apart', async () => {
    await chargeTwice(folder)
    const first = await runAlone(['backup', join(copies, 'data'), '--data-dir', folder])
    expect(first.errors).toBe('')
    expect(first).toMatchObject({
      code: 0,
      lines: [{ charges: 2, objects: { content: 2, manifests: 2 }, chain: expect.stringMatching(/^state-/) }],
    })
    const again = await run(folder, ['backup', join(copies, 'data')])
    expect(again).toMatchObject({ code: 0, lines: [{ copied: 0, bytes: 0 }] })
    expect(await run(folder, ['backup-keys', join(copies, 'keys')])).toMatchObject({ code: 0, lines: [{ keys: 2 }] })
    expect(await run(folder, ['backup', join(folder, 'inside')])).toMatchObject({ code: 2 })
    // The node did not notice.
    if (node === undefined) throw new Error('there is no node')
    await grantOf(await postDelivery(node, await deliveryBody(node, sold)))
    expect(await readdir(copies)).toEqual(['data', 'keys'])
    const everything = await readFile(join(copies, 'data', 'journal.log'), 'utf8')
    expect(everything).toContain(asset.digest)
    expect(everything).not.toContain('sealedKey')
  })

  test('brings a lost node back: another folder serves what was sold', async () => {
    await node?.stop()
    node = undefined
    const restored = join(copies, 'restored')
    await mkdir(restored)
    expect(await run(restored, ['restore', join(copies, 'data')])).toMatchObject({ code: 2 })
    await cp(join(folder, 'keys'), join(restored, 'keys'), { recursive: true })
    expect(await run(restored, ['restore', join(copies, 'data')])).toMatchObject({
      code: 0,
      lines: [{ records: 2, charges: 2 }],
    })
    // Under the name that its slices have in the journal.
    const nameIn = (own: string) => readFile(join(own, 'charges', 'gateway'), 'utf8')
    expect(await nameIn(restored)).toBe(await nameIn(folder))
    expect(await run(restored, ['fsck'])).toMatchObject({ code: 1 })
    expect(await run(restored, ['restore-keys', join(copies, 'keys')])).toMatchObject({ code: 0, lines: [{ keys: 2 }] })
    expect(await run(restored, ['fsck', '--deep'])).toMatchObject({
      code: 0,
      lines: [{ records: 2, charges: 2, content: 2, manifests: 2, keys: 2, problems: 0 }],
    })
    expect(await run(restored, ['restore', join(copies, 'data')])).toMatchObject({ code: 2 })
    const second = await startTestNode({ dataFolder: restored })
    await grantOf(await postDelivery(second, await deliveryBody(second, sold)))
    const got = await fetch(`${second.url}/api/v1/content/${asset.cid}`)
    expect(new Uint8Array(await got.arrayBuffer())).toEqual(asset.ciphertext)
    await second.stop()
    expect(second.warnings).toEqual([])
  })

  test('that is damaged, another operator’s, or too old is refused, and nothing is put', async () => {
    const damaged = join(copies, 'damaged')
    await cp(join(copies, 'data'), damaged, { recursive: true })
    const path = join(damaged, 'storage', 'content', asset.cid.slice(-2), asset.cid)
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(1_000) ^ 1, 1_000)
    await writeFile(path, bytes)
    const target = join(copies, 'target')
    await cp(join(folder, 'keys'), join(target, 'keys'), { recursive: true })
    const refused = await run(target, ['restore', damaged])
    expect(refused.code).toBe(8)
    expect(refused.errors).toContain('backup_invalid')
    expect(await readdir(target)).not.toContain('journal')

    const stranger = join(copies, 'stranger')
    const other = await startTestNode({ dataFolder: stranger })
    await other.stop()
    const foreign = await run(stranger, ['restore', join(copies, 'data')])
    expect(foreign.errors).toContain('backup_invalid')

    const expired = await run(target, ['restore-keys', join(copies, 'keys')], { AGORAI_KEY_BACKUP_HOURS: '0' })
    expect(expired.code).toBe(8)
    expect(expired.errors).toContain('backup_expired')
    expect((await run(stranger, ['restore-keys', join(copies, 'keys')])).errors).toMatch(/config_invalid|key_store/)

    // Master keys of somebody else open nothing, which is said before anything is served.
    const mixed = join(copies, 'mixed')
    for (const [from, name] of [
      [folder, 'keystore'],
      [stranger, 'keys'],
    ] as const)
      await cp(join(from, name), join(mixed, name), { recursive: true })
    expect((await run(mixed, ['fsck'])).errors).toContain('AGORAI_MASTER_KEYS')

    // The next backup removes those that may not be restored any more; a date that was changed opens nothing.
    const [name = ''] = await readdir(join(copies, 'keys'))
    const text = await readFile(join(copies, 'keys', name))
    const line = text.subarray(0, text.indexOf(0x0a)).toString()
    const forged = line.replace(/"madeAt":"2/, '"madeAt":"3')
    await mkdir(join(copies, 'forged'))
    await writeFile(join(copies, 'forged', name), Buffer.concat([Buffer.from(forged), text.subarray(line.length)]))
    expect((await run(target, ['restore-keys', join(copies, 'forged')])).errors).toMatch(/key_store_damaged/)
    await run(folder, ['backup-keys', join(copies, 'keys')], { AGORAI_KEY_BACKUP_HOURS: '0' })
    expect(await readdir(join(copies, 'keys'))).not.toContain(name)
  })
})

describe('fsck', { timeout: 180_000 }, () => {
  const broken = async (change: (copy: string) => Promise<void>, args: string[] = []) => {
    const copy = join(copies, 'broken')
    await rm(copy, { recursive: true, force: true })
    await cp(folder, copy, { recursive: true })
    await change(copy)
    const { code, lines } = await run(copy, ['fsck', ...args])
    return { code, losses: lines.filter((line) => line.isLoss === true).map(({ part, name }) => [part, name]) }
  }
  const flip = async (path: string, at: number) => {
    const bytes = await readFile(path)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    await writeFile(path, bytes)
  }

  test('finds nothing where nothing is wrong, and names each thing that is', async () => {
    expect(await broken(async () => {})).toEqual({ code: 0, losses: [] })
    const content = ['content', asset.cid]
    expect(await broken((copy) => flip(contentFileIn(copy, asset), 2_000_000))).toEqual({ code: 1, losses: [content] })
    expect(await broken((copy) => rm(contentFileIn(copy, asset)))).toEqual({ code: 1, losses: [content] })
    const key = ['key', commitmentOf(asset)]
    expect(await broken((copy) => rm(keyFileIn(copy, asset)))).toEqual({ code: 1, losses: [key] })
    expect(await broken((copy) => cp(keyFileIn(copy, parts), keyFileIn(copy, asset)))).toEqual({
      code: 1,
      losses: [key],
    })
    const manifest = (copy: string) =>
      join(copy, 'storage', 'manifests', asset.digest.slice(-2), `${asset.digest.slice(2)}.json`)
    expect(await broken((copy) => flip(manifest(copy), 30))).toEqual({
      code: 1,
      losses: [['manifest', asset.digest]],
    })
    expect(await broken((copy) => flip(join(copy, 'journal', 'journal.log'), 40))).toEqual({
      code: 1,
      losses: [['journal', 'journal.log']],
    })
    expect(await broken((copy) => chargeTwice(copy).then((name) => flip(join(copy, 'charges', name), 40)))).toEqual({
      code: 1,
      losses: [['charges', expect.stringMatching(/^charges-\d{8}\.log$/)]],
    })
  })
})

describe('gc', { timeout: 180_000 }, () => {
  test('names and removes what nobody needs, and leaves all else', async () => {
    const copy = join(copies, 'garbage')
    await cp(folder, copy, { recursive: true })
    const lone = await startTestNode({ dataFolder: copy })
    const [old, young] = [await sealAsset(new Uint8Array(11)), await sealAsset(new Uint8Array(12))]
    for (const each of [old, young]) expect((await uploadContent(lone, each)).status).toBe(200)
    await lone.stop()
    await utimes(contentFileIn(copy, old), 1_600_000_000, 1_600_000_000)
    await utimes(contentFileIn(copy, asset), 1_600_000_000, 1_600_000_000)
    // The key of one is destroyed, as an erasure leaves it.
    const keyFile = keyFileIn(copy, parts)
    const document = JSON.parse(await readFile(keyFile, 'utf8')) as object
    const erasures = [{ partition: null, erasedAt: 1, signature: '0x00' }]
    await writeFile(keyFile, JSON.stringify({ ...document, erasures, sealed: null }))

    const found = new Set([old.cid, parts.cid])
    const namedIn = ({ lines }: Outcome) => new Set(lines.flatMap(({ cid }) => (cid === undefined ? [] : [cid])))
    expect(namedIn(await run(copy, ['gc']))).toEqual(found)
    expect(await readFile(contentFileIn(copy, old))).toHaveLength(27)
    expect(namedIn(await run(copy, ['gc', '--delete']))).toEqual(found)
    for (const gone of [old, parts])
      await expect(readFile(contentFileIn(copy, gone))).rejects.toMatchObject({ code: 'ENOENT' })
    for (const kept of [asset, young]) await readFile(contentFileIn(copy, kept))
    expect(namedIn(await run(copy, ['gc', '--delete']))).toEqual(new Set())
    expect(await run(copy, ['fsck'])).toMatchObject({ code: 0 })
  })
})

test('a running node keeps commands that change its data out', { timeout: 60_000 }, async () => {
  const copy = join(copies, 'busy')
  const busy = await startTestNode({ dataFolder: copy })
  for (const args of [['gc'], ['rotate-key'], ['restore', 'x'], ['restore-keys', 'x']]) {
    const { code, errors } = await run(copy, args)
    expect(errors).toContain('folder_locked')
    expect(code).toBe(8)
  }
  await busy.stop()
})
