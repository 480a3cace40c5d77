import { constants, createReadStream } from 'node:fs'
import { access, type FileHandle, open, readdir, readFile, rename, stat, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import type { ObjectKind, Storage } from '../../ports/storage.js'
import {
  makeFolder,
  removeQuietly,
  syncFolder,
  temporaryName,
  writeAll,
  writeFileAtomic,
} from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'
import { assertContent, assertDigest } from './assertObject.js'

const readChunkBytes = 1024 * 1024

/**
 * A store in a folder: one file an object, named by its hash and spread over folders by the name's end. An object is
 * written under a temporary name and gets its own once it is whole, checked and synced.
 *
 * @param options.leftoverMs How long nothing was added to what is half written before it is taken for a leftover: where
 * other processes use the folder, it may be theirs.
 * @throws AgoraiError `folder_read_only`, `storage_full`
 */
export async function openDiskStorage(folder: string, { leftoverMs = 0 } = {}): Promise<Storage> {
  const incoming = join(folder, 'incoming')
  try {
    for (const name of ['incoming', 'content', 'manifests']) await makeFolder(join(folder, name))
    // What a killed process left half written was never acknowledged.
    for (const name of await readdir(incoming)) await removeLeftover(join(incoming, name), leftoverMs)
  } catch (error) {
    throw toStorageError(error)
  }

  const shardOf = (kind: string, name: string) => join(folder, kind, name.slice(-2))
  const contentPath = (cid: string) => join(shardOf('content', cid), cid)
  const manifestPath = (digest: string) => join(shardOf('manifests', digest), `${digest.slice(2)}.json`)
  const chunksPath = (root: string) => join(shardOf('chunks', root), root.slice(2))
  const pathOf = { content: contentPath, manifests: manifestPath, chunks: chunksPath }

  return {
    async putContent(cid, bytes, body, arrived) {
      const temporary = temporaryName(join(incoming, cid))
      try {
        const movable = arrived !== undefined && (await isOnDisk(arrived.path, incoming))
        if (!movable) await assertRoom(folder, bytes)
        if (!movable) await writeChecked(temporary, { cid, bytes, body })
        else if (!arrived.isChecked) await assertContent(cid, bytes, body)
        await makeFolder(shardOf('content', cid))
        await rename(movable ? arrived.path : temporary, contentPath(cid))
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
      assertDigest(digest, bytes)
      await writeWhole(shardOf('manifests', digest), manifestPath(digest), bytes)
    },
    getManifest: (digest) => readWhole(manifestPath(digest)),
    putChunkHashes: (root, hashes) => writeWhole(shardOf('chunks', root), chunksPath(root), hashes),
    getChunkHashes: (root) => readWhole(chunksPath(root)),
    async *list(kind) {
      for (const shard of (await namesIn(join(folder, kind))).sort())
        for (const file of (await namesIn(join(folder, kind, shard))).sort()) {
          const name = nameOf(kind, file)
          if (name === undefined) continue
          const { size, mtime } = await stat(pathOf[kind](name))
          yield { name, bytes: size, storedAt: mtime }
        }
    },
    async remove(kind, name) {
      try {
        await unlink(pathOf[kind](name))
        await syncFolder(shardOf(kind, name))
      } catch (error) {
        if (systemCodeOf(error) !== 'ENOENT') throw toStorageError(error)
      }
    },
    async roomBytes() {
      try {
        await access(incoming, constants.W_OK)
        return await roomOf(folder)
      } catch (error) {
        throw toStorageError(error)
      }
    },
  }
}

const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw error
  })

/** The name of the object in a file; undefined for what is under way. */
function nameOf(kind: ObjectKind, file: string): string | undefined {
  if (kind === 'content') return /^[a-z2-7]{59}$/.test(file) ? file : undefined
  const digest = kind === 'manifests' ? /^([0-9a-f]{64})\.json$/.exec(file)?.[1] : /^[0-9a-f]{64}$/.exec(file)?.[0]
  return digest && `0x${digest}`
}

type Incoming = { cid: string; bytes: number; body: AsyncIterable<Uint8Array> }

async function writeChecked(temporary: string, { cid, bytes, body }: Incoming): Promise<void> {
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await assertContent(cid, bytes, writing(handle, body))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Whether a file is on the same disk as a folder, so that it can be moved there. */
const isOnDisk = async (path: string, folder: string): Promise<boolean> =>
  (await stat(path)).dev === (await stat(folder)).dev

async function writeWhole(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await makeFolder(folder)
    await writeFileAtomic(path, bytes, { mode: 0o600 })
  } catch (error) {
    throw toStorageError(error)
  }
}

async function readWhole(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function removeLeftover(path: string, leftoverMs: number): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found !== undefined && Date.now() - found.mtimeMs >= leftoverMs) await removeQuietly(path)
}

/** Content leaves this much of the disk to the journal and the chain, which must not stop for it. */
const reservedShare = 0.05
const reservedBytesMin = 256 * 1024 * 1024

async function roomOf(folder: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return bavail * bsize - Math.ceil(Math.max(blocks * bsize * reservedShare, reservedBytesMin))
}

async function assertRoom(folder: string, bytes: number): Promise<void> {
  if ((await roomOf(folder)) >= bytes) return
  throw new AgoraiError('storage_full', 'The disk has too little room left for this content.', { details: { bytes } })
}

/** Writes what passes. */
async function* writing(handle: FileHandle, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let written = 0
  for await (const part of body) {
    await writeAll(handle, part, written)
    written += part.length
    yield part
  }
}
