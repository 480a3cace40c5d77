import { createReadStream } from 'node:fs'
import { open, readdir, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { type CidHasher, createCidHasher } from '@agorai/sdk'
import type { Storage } from '../../ports/storage.js'
import type { ContentUpload, Uploads } from '../../ports/uploads.js'
import { makeFolder, removeQuietly, writeAll } from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'
import { overQuota, tooLong, tooShort } from './uploadErrors.js'

export type PartialUploadsOptions = {
  /** On the disk of the content store, so that what is whole need not be copied. */
  folder: string
  storage: Storage
  /** Most bytes that one account may have under way. */
  accountBytesMax: number
  /** How long what nobody continues is kept. */
  keptMs: number
}

const readChunkBytes = 1024 * 1024

/** Uploads in a folder: a folder an account, a file an upload, as long as what has arrived of it. */
export async function openPartialUploads(options: PartialUploadsOptions): Promise<Uploads> {
  const { folder, storage, accountBytesMax, keptMs } = options
  await makeFolder(folder).catch((error: unknown) => {
    throw toStorageError(error)
  })
  /** Who writes each upload at the moment. */
  const writers = new Map<string, { stop(): void; ended: Promise<void> }>()
  /** What has been hashed of each as it arrived; what is not here is read again at the end. */
  const hashers = new Map<string, CidHasher>()
  const folderOf = ({ account }: ContentUpload) => join(folder, account.toLowerCase())
  const pathOf = (upload: ContentUpload) => join(folderOf(upload), `${upload.cid}.${upload.bytes}`)

  /** Others of the account count as what they will be: beginning many must not be a way around the quota. */
  async function assertQuota(upload: ContentUpload): Promise<void> {
    const own = pathOf(upload)
    const kept = (await namesIn(folderOf(upload))).map((name) => join(folderOf(upload), name))
    const begun = [...writers.keys()].filter((path) => path.startsWith(folderOf(upload)))
    const others = new Set([...kept, ...begun].filter((path) => path !== own))
    const stated = [...others].reduce((sum, path) => sum + Number(path.split('.').at(-1)), 0)
    if (stated + upload.bytes <= accountBytesMax) return
    throw overQuota(accountBytesMax, stated)
  }

  /** Becomes the only writer of an upload. */
  async function takeOver(path: string): Promise<{ stopped: Promise<never>; end(): void }> {
    for (let before = writers.get(path); before !== undefined; before = writers.get(path)) {
      before.stop()
      await before.ended
    }
    let stop = () => {}
    let end = () => {}
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(new AgoraiError('busy', 'Another request continues this upload.'))
    })
    stopped.catch(() => {})
    const ended = new Promise<void>((resolve) => {
      end = () => {
        writers.delete(path)
        resolve()
      }
    })
    writers.set(path, { stop, ended })
    return { stopped, end }
  }

  async function append(path: string, upload: ContentUpload, start: number, body: AsyncIterable<Uint8Array>) {
    const received = await sizeOf(path)
    if (start > received) throw tooShort(received)
    await makeFolder(folderOf(upload))
    const handle = await open(path, start === 0 ? 'w' : 'r+', 0o600)
    let at = start
    try {
      await handle.truncate(start)
      const known = start === 0 ? createCidHasher() : hashers.get(path)
      const hasher = known?.bytes === start ? known : undefined
      hashers.delete(path)
      for await (const part of body) {
        if (at + part.length > upload.bytes) throw tooLong(upload.bytes)
        await writeAll(handle, part, at)
        at += part.length
        await hasher?.add(part)
      }
      if (hasher !== undefined) hashers.set(path, hasher)
      if (at === upload.bytes) await handle.sync()
    } finally {
      await handle.close()
    }
    return at
  }

  async function store(path: string, { cid, bytes }: ContentUpload): Promise<void> {
    const hasher = hashers.get(path)
    hashers.delete(path)
    const arrived = hasher?.bytes === bytes ? await hasher.cid() : undefined
    if (arrived !== undefined && arrived !== cid)
      throw new AgoraiError('digest_mismatch', `The content has the CID ${arrived}.`)
    await storage.putContent(cid, bytes, readWhole(path), { path, isChecked: arrived !== undefined })
  }

  return {
    async receivedBytes(upload) {
      await assertQuota(upload)
      return sizeOf(pathOf(upload))
    },
    async receive(upload, start, body) {
      const path = pathOf(upload)
      const { stopped, end } = await takeOver(path)
      try {
        await assertQuota(upload)
        await assertRoom(storage, upload.bytes - start)
        const received = await append(path, upload, start, until(body, stopped))
        if (received < upload.bytes) return received
        await store(path, upload)
        await removeQuietly(path)
        return received
      } catch (error) {
        hashers.delete(path)
        // What is not what it was said to be will never become it.
        if (error instanceof AgoraiError && error.code === 'digest_mismatch') await removeQuietly(path)
        throw toStorageError(error)
      } finally {
        end()
      }
    },
    async expire() {
      let expired = 0
      for (const account of await namesIn(folder)) {
        for (const name of await namesIn(join(folder, account))) {
          const path = join(folder, account, name)
          const { mtimeMs } = await stat(path)
          if (writers.has(path) || Date.now() - mtimeMs < keptMs) continue
          hashers.delete(path)
          await removeQuietly(path)
          expired++
        }
        // A folder that is not empty stays.
        await rmdir(join(folder, account)).catch(() => {})
      }
      return expired
    },
  }
}

async function assertRoom(storage: Storage, bytes: number): Promise<void> {
  const room = await storage.roomBytes()
  if (room === undefined || room >= bytes) return
  throw new AgoraiError('storage_full', 'The disk has too little room left for this content.', { details: { bytes } })
}

/** A body that ends with an error when its writer is stopped, even while nothing comes. */
async function* until(body: AsyncIterable<Uint8Array>, stopped: Promise<never>): AsyncGenerator<Uint8Array> {
  const parts = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await Promise.race([parts.next(), stopped])
      if (done === true) return
      yield value
    }
  } finally {
    // A reader that is stuck would not come back.
    void parts.return?.().catch(() => {})
  }
}

/** Opens the file only when it is read. */
async function* readWhole(path: string): AsyncGenerator<Uint8Array> {
  for await (const part of createReadStream(path, { highWaterMark: readChunkBytes })) yield part as Uint8Array
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw toStorageError(error)
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0
    throw toStorageError(error)
  }
}
