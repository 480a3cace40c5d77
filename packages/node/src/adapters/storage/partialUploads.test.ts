import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { computeContentCid } from '@agorai/sdk'
import type { Address } from 'viem'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../ports/storage.js'
import type { ContentUpload, Uploads } from '../../ports/uploads.js'
import { openDiskStorage } from './diskStorage.js'
import { openPartialUploads } from './partialUploads.js'

const account: Address = '0x00000000000000000000000000000000000000aA'
const other: Address = '0x00000000000000000000000000000000000000bB'
const hour = 3_600_000
let folder: string
let storage: Storage
let uploads: Uploads
let content: Buffer
let upload: ContentUpload

async function* sliced(bytes: Uint8Array, size = 50_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
async function* breaking(bytes: Uint8Array, after: number): AsyncGenerator<Uint8Array> {
  yield* sliced(bytes.subarray(0, after))
  throw Object.assign(new Error('The connection broke.'))
}

const reopen = async (more: { accountBytesMax?: number } = {}) => {
  uploads = await openPartialUploads({
    folder: join(folder, 'uploads'),
    storage,
    accountBytesMax: 10_000_000,
    keptMs: hour,
    ...more,
  })
}
const uploadOf = async (bytes: Uint8Array, of = account): Promise<ContentUpload> => ({
  account: of,
  cid: await computeContentCid(sliced(bytes)),
  bytes: bytes.length,
})
/** Comparing large buffers as objects takes seconds. */
async function isStored(cid: string): Promise<boolean> {
  const parts: Uint8Array[] = []
  for await (const part of storage.readContent(cid)) parts.push(part)
  return Buffer.concat(parts).equals(content)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'partial-uploads-'))
  storage = await openDiskStorage(join(folder, 'storage'))
  await reopen()
  content = randomBytes(1_200_000)
  upload = await uploadOf(content)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const partials = async () =>
  (await readdir(join(folder, 'uploads'), { recursive: true })).filter((name) => name.includes('.'))

test('a content that comes in one go is stored, and nothing of it stays behind', async () => {
  expect(await uploads.receive(upload, 0, sliced(content))).toBe(content.length)
  expect(await isStored(upload.cid)).toBe(true)
  expect(await partials()).toEqual([])
})

test.each(['the same process', 'another process'])('what broke off is continued by %s', async (where) => {
  await expect(uploads.receive(upload, 0, breaking(content, 500_000))).rejects.toThrow('broke')
  expect(await storage.contentBytes(upload.cid)).toBeUndefined()
  if (where === 'another process') await reopen()
  const received = await uploads.receivedBytes(upload)
  expect(received).toBe(500_000)
  expect(await uploads.receive(upload, received, sliced(content.subarray(received)))).toBe(content.length)
  expect(await isStored(upload.cid)).toBe(true)
  expect(await partials()).toEqual([])
})

test('in pieces, with pieces sent twice', async () => {
  for (const [start, end] of [
    [0, 400_000],
    [400_000, 900_000],
    [300_000, 700_000],
    [700_000, 1_200_000],
  ] as const)
    expect(await uploads.receive(upload, start, sliced(content.subarray(start, end)))).toBe(end)
  expect(await isStored(upload.cid)).toBe(true)
})

test('a piece after a gap is refused, and says what is here', async () => {
  await uploads.receive(upload, 0, sliced(content.subarray(0, 1_000)))
  const attempt = uploads.receive(upload, 2_000, sliced(content.subarray(2_000)))
  await expect(attempt).rejects.toMatchObject({ code: 'length_mismatch', details: { received: 1_000 } })
  expect(await uploads.receivedBytes(upload)).toBe(1_000)
})

test('what is not what its CID says is forgotten, whether hashed as it came or read again', async () => {
  const altered = Buffer.from(content)
  altered[700_000] = (altered[700_000] ?? 0) ^ 1
  await expect(uploads.receive(upload, 0, sliced(altered))).rejects.toMatchObject({ code: 'digest_mismatch' })
  expect(await partials()).toEqual([])
  await uploads.receive(upload, 0, sliced(altered.subarray(0, 800_000)))
  await reopen()
  const rest = uploads.receive(upload, 800_000, sliced(content.subarray(800_000)))
  await expect(rest).rejects.toMatchObject({ code: 'digest_mismatch' })
  expect([await partials(), await storage.contentBytes(upload.cid)]).toEqual([[], undefined])
  await uploads.receive(upload, 0, sliced(content))
  expect(await isStored(upload.cid)).toBe(true)
})

test('more than was stated is refused', async () => {
  const attempt = uploads.receive(upload, 0, sliced(Buffer.concat([content, Buffer.alloc(1)])))
  await expect(attempt).rejects.toMatchObject({ code: 'length_mismatch' })
})

test('a second sender takes the place of a first that hangs', async () => {
  async function* hanging(): AsyncGenerator<Uint8Array> {
    yield content.subarray(0, 300_000)
    await new Promise(() => {})
  }
  const first = uploads.receive(upload, 0, hanging())
  first.catch(() => {})
  while ((await uploads.receivedBytes(upload)) < 300_000) await new Promise((resume) => setTimeout(resume, 5))
  expect(await uploads.receive(upload, 300_000, sliced(content.subarray(300_000)))).toBe(content.length)
  await expect(first).rejects.toMatchObject({ code: 'busy' })
  expect(await isStored(upload.cid)).toBe(true)
})

describe('the quota of an account', () => {
  test('counts what is under way as the whole that it will be, and others do not suffer', async () => {
    await reopen({ accountBytesMax: 2_000_000 })
    await uploads.receive(upload, 0, sliced(content.subarray(0, 10)))
    const second = await uploadOf(randomBytes(900_000))
    await expect(uploads.receivedBytes(second)).rejects.toMatchObject({ code: 'quota_exceeded' })
    await expect(uploads.receive(second, 0, sliced(content))).rejects.toMatchObject({ code: 'quota_exceeded' })
    const bytes = randomBytes(900_000)
    await uploads.receive(await uploadOf(bytes, other), 0, sliced(bytes))
    await uploads.receive(upload, 10, sliced(content.subarray(10)))
    expect(await uploads.receivedBytes(second)).toBe(0)
  })

  test('holds when many begin at once', async () => {
    await reopen({ accountBytesMax: 2_000_000 })
    const contents = Array.from({ length: 8 }, () => randomBytes(900_000))
    const ends = await Promise.allSettled(
      contents.map(async (bytes) =>
        uploads.receive(await uploadOf(bytes), 0, sliced(bytes.subarray(0, 800_000), 1_000)),
      ),
    )
    expect(ends.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(2)
  })
})

test('what nobody continues expires; what is fresh, or another account’s, stays', async () => {
  const second = { ...upload, account: other }
  await uploads.receive(upload, 0, sliced(content.subarray(0, 1_000)))
  await uploads.receive(second, 0, sliced(content.subarray(0, 2_000)))
  const path = join(folder, 'uploads', account.toLowerCase(), `${upload.cid}.${upload.bytes}`)
  const long = new Date(Date.now() - 2 * hour)
  await utimes(path, long, long)
  expect(await uploads.expire()).toBe(1)
  expect([await uploads.receivedBytes(upload), await uploads.receivedBytes(second)]).toEqual([0, 2_000])
})
