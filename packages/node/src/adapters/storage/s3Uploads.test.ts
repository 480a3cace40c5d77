import { randomBytes } from 'node:crypto'
import { computeContentCid } from '@agorai/sdk'
import type { Address } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Storage } from '../../ports/storage.js'
import type { ContentUpload, Uploads } from '../../ports/uploads.js'
import { openS3Storage } from './s3Storage.js'
import { openS3Uploads } from './s3Uploads.js'
import { startS3 } from './testStores.js'

/** Two gateways over one bucket of a real server: neither knows what the other holds in memory. */

const account: Address = '0x00000000000000000000000000000000000000aA'
const other: Address = '0x00000000000000000000000000000000000000bB'
let s3: Awaited<ReturnType<typeof startS3>>
let storage: Storage
let content: Buffer
let upload: ContentUpload

const gateway = (more: { accountBytesMax?: number; keptMs?: number } = {}): Uploads =>
  openS3Uploads({
    s3: { ...s3.settings, bucket: s3.bucket, prefix: 'a/node' },
    storage,
    accountBytesMax: 100_000_000,
    keptMs: 3_600_000,
    ...more,
  })

async function* sliced(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}
async function* breaking(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* sliced(bytes)
  throw new Error('The connection broke.')
}
const uploadOf = async (bytes: Uint8Array, of = account): Promise<ContentUpload> => ({
  account: of,
  cid: await computeContentCid(sliced(bytes)),
  bytes: bytes.length,
})
async function isStored(): Promise<boolean> {
  const parts: Uint8Array[] = []
  for await (const part of storage.readContent(upload.cid)) parts.push(part)
  return Buffer.concat(parts).equals(content)
}
const pieces = async () => (await s3.names()).filter((name) => name.includes('/uploads/'))

beforeAll(async () => {
  s3 = await startS3()
  storage = await openS3Storage({ ...s3.settings, bucket: s3.bucket, prefix: 'a/node' })
})
afterAll(() => s3.close())
beforeEach(async () => {
  await gateway({ keptMs: -1_000_000 }).expire()
  content = randomBytes(20_000_000)
  upload = await uploadOf(content)
})

test('what broke off at one gateway is continued and finished at another, and no piece stays behind', async () => {
  const [first, second] = [gateway(), gateway()]
  await expect(first.receive(upload, 0, breaking(content.subarray(0, 9_000_001)))).rejects.toThrow('broke')
  expect(await second.receivedBytes(upload)).toBe(9_000_001)
  expect(await second.receive(upload, 9_000_001, sliced(content.subarray(9_000_001, 12_000_000)))).toBe(12_000_000)
  expect(await storage.contentBytes(upload.cid)).toBeUndefined()
  expect(await first.receive(upload, 12_000_000, sliced(content.subarray(12_000_000)))).toBe(content.length)
  expect([await isStored(), await pieces()]).toEqual([true, []])
})

test('pieces that are sent twice, over one another, and to both at once are one content', async () => {
  const [first, second] = [gateway(), gateway()]
  await first.receive(upload, 0, sliced(content.subarray(0, 4_000_000)))
  await second.receive(upload, 4_000_000, sliced(content.subarray(4_000_000, 9_000_000)))
  await first.receive(upload, 3_000_000, sliced(content.subarray(3_000_000, 7_000_000)))
  const ends = await Promise.all(
    [first, second].map((each) => each.receive(upload, 9_000_000, sliced(content.subarray(9_000_000)))),
  )
  expect(ends).toEqual([content.length, content.length])
  expect([await isStored(), await pieces()]).toEqual([true, []])
})

test('a gap, too many bytes, and bytes of another content are refused, and the last are forgotten', async () => {
  const [first, second] = [gateway(), gateway()]
  const altered = Buffer.from(content)
  altered[700_000] = (altered[700_000] ?? 0) ^ 1
  await first.receive(upload, 0, sliced(altered.subarray(0, 1_000_000)))
  await expect(second.receive(upload, 1_000_001, sliced(content.subarray(1_000_001)))).rejects.toMatchObject({
    code: 'length_mismatch',
    details: { received: 1_000_000 },
  })
  const more = Buffer.concat([content.subarray(1_000_000), Buffer.alloc(1)])
  await expect(second.receive(upload, 1_000_000, sliced(more))).rejects.toMatchObject({ code: 'length_mismatch' })
  const received = await first.receivedBytes(upload)
  await expect(second.receive(upload, received - 1, sliced(content.subarray(received - 1)))).rejects.toMatchObject({
    code: 'digest_mismatch',
  })
  expect([await pieces(), await storage.contentBytes(upload.cid)]).toEqual([[], undefined])
})

test('the quota counts what is under way at all gateways as the whole that it will be, also when many begin', async () => {
  const gateways = Array.from({ length: 6 }, () => gateway({ accountBytesMax: 50_000_000 }))
  const contents = await Promise.all(gateways.map(async () => uploadOf(randomBytes(20_000_000))))
  const begun = await Promise.allSettled(
    contents.map((each, at) => (gateways[at] as Uploads).receive(each, 0, sliced(randomBytes(100)))),
  )
  expect(begun.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(2)
  const small = gateway({ accountBytesMax: 30_000_000 })
  await small.receive({ ...upload, account: other }, 0, sliced(content.subarray(0, 10)))
  const second = { ...upload, cid: contents[0]?.cid ?? '', account: other }
  await expect(gateway({ accountBytesMax: 30_000_000 }).receivedBytes(second)).rejects.toMatchObject({
    code: 'quota_exceeded',
  })
})

test('what nobody continues expires at any gateway; what is fresh stays', async () => {
  await gateway().receive(upload, 0, sliced(content.subarray(0, 1_000)))
  expect(await gateway().expire()).toBe(0)
  expect(await gateway({ keptMs: -1_000_000 }).expire()).toBe(1)
  expect([await pieces(), await gateway().receivedBytes(upload)]).toEqual([[], 0])
})
