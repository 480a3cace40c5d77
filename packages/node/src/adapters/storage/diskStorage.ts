import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, readFile, rename, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { computeContentCid } from '@agorai/sdk'
import type { Storage } from '../../ports/storage.js'
import {
  makeFolder,
  removeQuietly,
  syncFolder,
  temporaryName,
  writeAll,
  writeFileAtomic,
} from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'

const readChunkBytes = 1024 * 1024

/**
 * A store in a folder: one file an object, named by its hash and spread over folders by the name's end. An object is
 * written under a temporary name and gets its own once it is whole, checked and synced.
 *
 * @throws AgoraiError `folder_read_only`, `storage_full`
 */
export async function openDiskStorage(folder: string): Promise<Storage> {
  const incoming = join(folder, 'incoming')
  try {
    for (const name of ['incoming', 'content', 'manifests']) await makeFolder(join(folder, name))
    // What a killed process left half written was never acknowledged.
    for (const name of await readdir(incoming)) await removeQuietly(join(incoming, name))
  } catch (error) {
    throw toStorageError(error)
  }

  const shardOf = (kind: string, name: string) => join(folder, kind, name.slice(-2))
  const contentPath = (cid: string) => join(shardOf('content', cid), cid)
  const manifestPath = (digest: string) => join(shardOf('manifests', digest), `${digest.slice(2)}.json`)

  return {
    async putContent(cid, bytes, body) {
      const temporary = temporaryName(join(incoming, cid))
      try {
        await assertRoom(folder, bytes)
        const handle = await open(temporary, 'wx', 0o600)
        try {
          await writeChecked(handle, cid, bytes, body)
          await handle.sync()
        } finally {
          await handle.close()
        }
        await makeFolder(shardOf('content', cid))
        await rename(temporary, contentPath(cid))
        await syncFolder(shardOf('content', cid))
      } catch (error) {
        await removeQuietly(temporary)
        throw toStorageError(error)
      }
    },
    async contentBytes(cid) {
      try {
        return (await stat(contentPath(cid))).size
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return undefined
        throw error
      }
    },
    async *readContent(cid, range) {
      const options = { highWaterMark: readChunkBytes, ...range }
      for await (const chunk of createReadStream(contentPath(cid), options)) yield chunk as Uint8Array
    },
    async putManifest(digest, bytes) {
      const actual = `0x${createHash('sha256').update(bytes).digest('hex')}`
      if (actual !== digest) throw new AgoraiError('digest_mismatch', `The manifest has the digest ${actual}.`)
      try {
        await makeFolder(shardOf('manifests', digest))
        await writeFileAtomic(manifestPath(digest), bytes, { mode: 0o600 })
      } catch (error) {
        throw toStorageError(error)
      }
    },
    async getManifest(digest) {
      try {
        return await readFile(manifestPath(digest))
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return undefined
        throw error
      }
    },
  }
}

/** Content leaves this much of the disk to the journal and the chain, which must not stop for it. */
const reservedShare = 0.05
const reservedBytesMin = 256 * 1024 * 1024

async function assertRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(folder)
  if (bavail * bsize - bytes >= Math.max(blocks * bsize * reservedShare, reservedBytesMin)) return
  throw new AgoraiError('storage_full', 'The disk has too little room left for this content.', { details: { bytes } })
}

/** Writes the body while its CID is computed. @throws AgoraiError `length_mismatch`, `digest_mismatch` */
async function writeChecked(
  handle: FileHandle,
  cid: string,
  bytes: number,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  let written = 0
  async function* writing(): AsyncGenerator<Uint8Array> {
    for await (const part of body) {
      if (written + part.length > bytes) throw wrongLength(bytes, `more than ${bytes}`)
      await writeAll(handle, part, written)
      written += part.length
      yield part
    }
    if (written !== bytes) throw wrongLength(bytes, String(written))
  }
  const actual = await computeContentCid(writing())
  if (actual !== cid) throw new AgoraiError('digest_mismatch', `The content has the CID ${actual}.`)
}

const wrongLength = (stated: number, actual: string): AgoraiError =>
  new AgoraiError('length_mismatch', `${stated} bytes were stated, ${actual} arrived.`, { details: { stated } })
