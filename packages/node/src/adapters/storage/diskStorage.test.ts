import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { computeContentCid } from '@agorai/sdk'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDiskStorage } from './diskStorage.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agorai-storage-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function* bodyOf(...parts: Uint8Array[]) {
  yield* parts
}

test('refuses content that would fill the disk before any of it is read', async () => {
  const storage = await openDiskStorage(folder)
  const cid = await computeContentCid(bodyOf(Buffer.from('content')))
  const { bavail, bsize } = await statfs(folder)
  let isRead = false
  async function* body() {
    isRead = true
    yield Buffer.from('content')
  }
  await expect(storage.putContent(cid, bavail * bsize - 1_000_000, body())).rejects.toMatchObject({
    code: 'storage_full',
  })
  expect(isRead).toBe(false)
  expect(await readdir(join(folder, 'incoming'))).toEqual([])
  await storage.putContent(cid, 7, body())
  expect(await storage.contentBytes(cid)).toBe(7)
})
