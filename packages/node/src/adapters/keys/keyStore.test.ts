import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KeyStore } from '../../ports/keyStore.js'
import { testEngines } from '../database/testDatabases.js'
import { createKeyStore } from './createKeyStore.js'
import { openFileKeyDocuments } from './fileKeyDocuments.js'
import type { KeyDocuments } from './keyDocuments.js'
import { type MasterKeys, openMasterKeys } from './masterKeys.js'
import { openPostgresKeyDocuments } from './postgresKeyDocuments.js'
import { erasureOf, freshFacts, freshSecrets, randomHex } from './testKeys.js'

let folder: string
let masterKeys: MasterKeys
const protection = { by: 'file' } as const
const masterPath = () => join(folder, 'keys', 'master.json')
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-keystore-'))
  masterKeys = await openMasterKeys(masterPath(), { protection, isFirstStart: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const engines = await testEngines(process.env.DATABASE_URL)
const places: { name: string; missing: string | undefined; open: () => Promise<KeyDocuments> }[] = [
  { name: 'files', missing: undefined, open: () => openFileKeyDocuments(join(folder, 'files')) },
  ...engines.map(({ name, missing, open }) => ({
    name,
    missing,
    open: async () => openPostgresKeyDocuments(await open()),
  })),
]
for (const { name, missing } of places) if (missing !== undefined) console.warn(`SKIPPED: keys in ${name}: ${missing}.`)

async function all<item>(items: AsyncIterable<item>): Promise<item[]> {
  const found: item[] = []
  for await (const item of items) found.push(item)
  return found
}

describe.each(places.filter(({ missing }) => missing === undefined))('keys in $name', ({ open }) => {
  let documents: KeyDocuments
  let keys: KeyStore
  beforeAll(async () => {
    documents = await open()
    keys = createKeyStore(documents, masterKeys)
  }, 120_000)
  afterAll(() => documents.close())

  test('come back as they were put, and the first put stays', async () => {
    const facts = freshFacts()
    const secrets = [freshSecrets(), freshSecrets()]
    expect(await keys.get(facts.commitment)).toBeUndefined()
    await keys.put({ ...facts, secrets })
    await keys.put({ ...facts, secrets: [freshSecrets()] })
    expect(await keys.get(facts.commitment)).toEqual({ ...facts, secrets, erasures: [] })
    expect(await all(keys.list())).toEqual([facts.commitment])
  })

  test('are kept with nothing of them to be read', async () => {
    const facts = freshFacts()
    const secrets = [freshSecrets()]
    await keys.put({ ...facts, secrets })
    const documents = Buffer.concat(await all(keys.export()))
    for (const { contentKey, saltSeed } of secrets)
      for (const word of [contentKey, saltSeed]) {
        expect(documents.includes(Buffer.from(word))).toBe(false)
        expect(documents.toString().toLowerCase()).not.toContain(Buffer.from(word).toString('hex'))
      }
  })

  test('are destroyed by partition, then as a whole, and never come back', async () => {
    const facts = freshFacts()
    const { commitment } = facts
    const secrets = [freshSecrets(), freshSecrets(), freshSecrets()] as const
    await keys.put({ ...facts, secrets })
    const backup = (await all(keys.export())).find((each) => Buffer.from(each).includes(commitment))
    expect(await keys.destroy(commitment, erasureOf(1))).toBe(true)
    expect(await keys.destroy(commitment, { ...erasureOf(1), erasedAt: 5 })).toBe(true)
    const left = { ...facts, secrets: [secrets[0], null, secrets[2]], erasures: [erasureOf(1)] }
    expect(await keys.get(commitment)).toEqual(left)
    await keys.destroy(commitment, erasureOf(null))
    const gone = { ...facts, secrets: [null, null, null], erasures: [erasureOf(1), erasureOf(null)] }
    expect(await keys.get(commitment)).toEqual(gone)
    await keys.put({ ...facts, secrets })
    await keys.import(backup ?? new Uint8Array())
    expect(await keys.get(commitment)).toEqual(gone)
    expect(await all(keys.list())).toContain(commitment)
    expect(await keys.destroy(randomHex(), erasureOf(null))).toBe(false)
  })

  test('are changed one after the other, however many ask at once', async () => {
    const facts = freshFacts()
    const secrets = Array.from({ length: 12 }, freshSecrets)
    await keys.put({ ...facts, secrets })
    await Promise.all(secrets.map((_, partition) => keys.destroy(facts.commitment, erasureOf(partition))))
    expect((await keys.get(facts.commitment))?.secrets).toEqual(secrets.map(() => null))
  })

  test('move to another master key, and old copies then open with none', async () => {
    const many = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const key = { ...freshFacts(), secrets: [freshSecrets()] }
        await keys.put(key)
        return key
      }),
    )
    const old = (await all(keys.export())).find((each) => Buffer.from(each).includes(many[0]?.commitment ?? ''))
    await masterKeys.rotate(protection)
    // Stopped here, both keys are there.
    const reopened = await openMasterKeys(masterPath(), { protection, isFirstStart: false })
    expect(await createKeyStore(documents, reopened).get(many[0]?.commitment as Hex)).toMatchObject(many[0] ?? {})
    expect(await keys.rewrap()).toBeGreaterThanOrEqual(5)
    await masterKeys.prune(protection)
    for (const key of many) expect(await keys.get(key.commitment)).toEqual({ ...key, erasures: [] })
    const other = createKeyStore(await openFileKeyDocuments(join(folder, randomHex())), masterKeys)
    await other.import(old ?? new Uint8Array())
    const [commitment] = await all(other.list())
    await expect(other.get(commitment as Hex)).rejects.toMatchObject({ code: 'key_store_damaged' })
    // What cannot be opened can still be destroyed.
    expect(await other.destroy(commitment as Hex, erasureOf(null))).toBe(true)
    expect((await other.get(commitment as Hex))?.secrets).toEqual([null])
    await other.close()
  })
})

const flipped = (hex: string): string => hex.replace(/.$/, (last) => (last === '0' ? '1' : '0'))

describe('a file of a key', () => {
  const write = async () => {
    const documents = await openFileKeyDocuments(join(folder, 'keystore'))
    const keys = createKeyStore(documents, masterKeys)
    const facts = freshFacts()
    await keys.put({ ...facts, secrets: [freshSecrets(), freshSecrets()] })
    const shard = join(folder, 'keystore', facts.commitment.slice(2, 4))
    return { keys, facts, shard, path: join(shard, `${facts.commitment.slice(2)}.json`) }
  }

  test('that was altered anywhere opens nothing', async () => {
    const { keys, facts, path } = await write()
    const text = await readFile(path, 'utf8')
    const document = JSON.parse(text) as Record<string, unknown> & { sealed: Record<string, string> }
    const changes = [
      { ...document, manifestDigest: randomHex() },
      { ...document, account: `0x${'11'.repeat(20)}` },
      { ...document, bytes: 7 },
      { ...document, erasures: [erasureOf(0)] },
      { ...document, partitions: 1 },
      { ...document, sealed: { ...document.sealed, secrets: flipped(document.sealed.secrets ?? '') } },
      { ...document, sealed: { ...document.sealed, wrappedKey: '0x00' } },
      { ...document, sealed: { ...document.sealed, masterKey: '0x1234' } },
      { ...document, more: 1 },
    ]
    for (const change of changes) {
      await writeFile(path, JSON.stringify(change))
      await expect(keys.get(facts.commitment)).rejects.toMatchObject({ code: 'key_store_damaged' })
    }
    for (const cut of ['', text.slice(0, 40)]) {
      await writeFile(path, cut)
      await expect(keys.get(facts.commitment)).rejects.toMatchObject({ code: 'key_store_damaged' })
    }
    await writeFile(path, text)
    expect(await keys.get(facts.commitment)).toMatchObject(facts)
  })

  test('is written over when it is replaced', async () => {
    const { keys, facts, path } = await write()
    const { open } = await import('node:fs/promises')
    const before = await readFile(path)
    const handle = await open(path, 'r')
    await keys.destroy(facts.commitment, erasureOf(null))
    const after = Buffer.alloc(before.length)
    await handle.read(after, 0, after.length, 0)
    await handle.close()
    expect(after.equals(before)).toBe(false)
    expect(after.includes(before.subarray(-200, -20))).toBe(false)
  })

  test('that a stopped process left half written is cleared away', async () => {
    const { shard, facts } = await write()
    await writeFile(join(shard, 'x.json.1.abc.tmp'), 'half')
    const keys = createKeyStore(await openFileKeyDocuments(join(folder, 'keystore')), masterKeys)
    expect(await readdir(shard)).toEqual([`${facts.commitment.slice(2)}.json`])
    expect(await keys.get(facts.commitment)).toMatchObject(facts)
  })
})
