import { createHash, randomBytes } from 'node:crypto'
import { computeContentCid } from '@agorai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3Storage } from './s3Storage.js'
import { diskStore, s3Store, startS3, type TestStore } from './testStores.js'

async function* bodyOf(bytes: Uint8Array, sliceBytes = 300_000) {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes)
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(Uint8Array.from(part))
  return Buffer.concat(parts)
}

const digestOf = (bytes: Uint8Array) => `0x${createHash('sha256').update(bytes).digest('hex')}` as const

describe.each([
  ['a disk', diskStore],
  ['S3', s3Store],
])('a store on %s', (_, open) => {
  let store: TestStore
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())

  // One block, several, and more than one part of S3.
  test.each([16, 262_144, 262_145, 3_000_000, 20_000_001])('keeps a content of %i bytes', async (length) => {
    const { storage } = store
    const content = randomBytes(length)
    const cid = await computeContentCid(bodyOf(content))
    expect(await storage.contentBytes(cid)).toBeUndefined()
    await storage.putContent(cid, length, bodyOf(content))
    expect(await storage.contentBytes(cid)).toBe(length)
    expect((await collect(storage.readContent(cid))).equals(content)).toBe(true)
    for (const [start, end] of [
      [0, 0],
      [length - 1, length - 1],
      [1, length - 2],
      [length >> 1, (length >> 1) + 3],
    ] as const) {
      const part = await collect(storage.readContent(cid, { start, end }))
      expect(part.equals(content.subarray(start, end + 1)), `${start}-${end}`).toBe(true)
    }
    // The same again changes nothing, also when several bring it at once.
    await Promise.all([1, 2].map(() => storage.putContent(cid, length, bodyOf(content))))
    expect((await collect(storage.readContent(cid))).equals(content)).toBe(true)
  })

  test.each([100, 20_000_000])('shows nothing of what is not as it was stated, of %i bytes', async (length) => {
    const { storage } = store
    const content = randomBytes(length)
    const cid = await computeContentCid(bodyOf(content))
    const other = await computeContentCid(bodyOf(content.subarray(1)))
    const before = await store.names()
    async function* broken() {
      yield content.subarray(0, length - 1)
      throw new RangeError('the sender is gone')
    }
    for (const [attempt, code] of [
      [() => storage.putContent(other, length, bodyOf(content)), 'digest_mismatch'],
      [() => storage.putContent(cid, length - 1, bodyOf(content)), 'length_mismatch'],
      [() => storage.putContent(cid, length + 1, bodyOf(content)), 'length_mismatch'],
    ] as const)
      await expect(attempt()).rejects.toMatchObject({ code })
    await expect(storage.putContent(cid, length, broken())).rejects.toThrow('the sender is gone')
    expect(await storage.contentBytes(cid)).toBeUndefined()
    expect(await storage.contentBytes(other)).toBeUndefined()
    expect(await store.names()).toEqual(before)
  })

  test('is not visible before it is whole', async () => {
    const { storage } = store
    const content = randomBytes(20_000_000)
    const cid = await computeContentCid(bodyOf(content))
    const seen: (number | undefined)[] = []
    async function* watched() {
      for await (const slice of bodyOf(content, 4_000_000)) {
        seen.push(await storage.contentBytes(cid))
        yield slice
      }
    }
    await storage.putContent(cid, content.length, watched())
    expect(new Set(seen)).toEqual(new Set([undefined]))
    expect(await storage.contentBytes(cid)).toBe(content.length)
  })

  test('keeps manifests and the hashes of chunks', async () => {
    const { storage } = store
    const manifest = Buffer.from('{"agorai":"1"}')
    expect(await storage.getManifest(digestOf(manifest))).toBeUndefined()
    for (let time = 0; time < 2; time++) await storage.putManifest(digestOf(manifest), manifest)
    expect(Buffer.from((await storage.getManifest(digestOf(manifest))) ?? [])).toEqual(manifest)
    await expect(storage.putManifest(digestOf(manifest), Buffer.from('{}'))).rejects.toMatchObject({
      code: 'digest_mismatch',
    })
    const root = digestOf(randomBytes(8))
    const hashes = randomBytes(320)
    expect(await storage.getChunkHashes(root)).toBeUndefined()
    await storage.putChunkHashes(root, hashes)
    expect(Buffer.from((await storage.getChunkHashes(root)) ?? []).equals(hashes)).toBe(true)
  })

  test('lists what it has by kind, and removes it for good', async () => {
    const { storage } = store
    const content = randomBytes(500)
    const cid = await computeContentCid(bodyOf(content))
    const manifest = randomBytes(40)
    const root = digestOf(randomBytes(8))
    await storage.putContent(cid, content.length, bodyOf(content))
    await storage.putManifest(digestOf(manifest), manifest)
    await storage.putChunkHashes(root, randomBytes(32))
    const named = [
      ['content', cid, 500],
      ['manifests', digestOf(manifest), 40],
      ['chunks', root, 32],
    ] as const
    for (const [kind, name, bytes] of named) {
      const find = async () => {
        for await (const each of storage.list(kind)) if (each.name === name) return each
        return undefined
      }
      const found = await find()
      expect(found?.bytes).toBe(bytes)
      expect(Math.abs(Date.now() - Number(found?.storedAt))).toBeLessThan(600_000)
      await storage.remove(kind, name)
      await storage.remove(kind, name)
      expect(await find()).toBeUndefined()
    }
    expect(await storage.contentBytes(cid)).toBeUndefined()
    expect(await storage.getManifest(digestOf(manifest))).toBeUndefined()
  })

  test('says what room it has, in whole bytes', async () => {
    const room = await store.storage.roomBytes()
    expect(room === undefined || (room > 0 && Number.isInteger(room))).toBe(true)
  })

  test('a reader that stops early leaves nothing open', async () => {
    const { storage } = store
    const content = randomBytes(5_000_000)
    const cid = await computeContentCid(bodyOf(content))
    await storage.putContent(cid, content.length, bodyOf(content))
    for (let time = 0; time < 100; time++) for await (const _slice of storage.readContent(cid)) break
    expect((await collect(storage.readContent(cid))).equals(content)).toBe(true)
  })
})

test('a bucket that is not there, and a server that is gone, are told', async () => {
  const { settings, bucket, close } = await startS3()
  await expect(openS3Storage({ ...settings, bucket: `${bucket}-other`, prefix: '' })).rejects.toMatchObject({
    code: 'storage_unavailable',
  })
  const storage = await openS3Storage({ ...settings, bucket, prefix: '' })
  await close()
  const cid = await computeContentCid(bodyOf(Buffer.from('content')))
  for (const attempt of [
    () => storage.contentBytes(cid),
    () => storage.getManifest(digestOf(Buffer.from('{}'))),
    () => storage.putContent(cid, 7, bodyOf(Buffer.from('content'))),
    () => storage.roomBytes(),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: 'storage_unavailable' })
}, 60_000)
