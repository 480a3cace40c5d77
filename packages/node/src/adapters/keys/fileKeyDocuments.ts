import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import type { Hex } from 'viem'
import { makeFolder, removeQuietly, writeAll, writeFileAtomic } from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'
import { encodeDocument, type KeyDocument, parseDocument } from './keyDocument.js'
import type { KeyDocuments } from './keyDocuments.js'

/**
 * Documents in a folder, one file a commitment, each written whole and durable before it counts.
 *
 * @param options.isGuest Whether a running node may be at home here, so that nothing is changed.
 * @throws AgoraiError `folder_read_only`, `storage_full`
 */
export async function openFileKeyDocuments(folder: string, { isGuest = false } = {}): Promise<KeyDocuments> {
  if (!isGuest) await prepare(folder)
  // One change at a time; they are rare, so all may wait for one another.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <result>(work: () => Promise<result>): Promise<result> => {
    const turn = last.then(work).catch((error: unknown) => Promise.reject(toStorageError(error)))
    last = turn.catch(() => undefined)
    return turn
  }

  // A commitment ends in zeros, so its beginning spreads them.
  const shardOf = (commitment: Hex) => join(folder, commitment.slice(2, 4))
  const pathOf = (commitment: Hex) => join(shardOf(commitment), `${commitment.slice(2)}.json`)
  const read = async (commitment: Hex): Promise<KeyDocument | undefined> => {
    const path = pathOf(commitment)
    try {
      const document = parseDocument(await readFile(path), path)
      if (document.commitment === commitment) return document
      throw new AgoraiError('key_store_damaged', `${path} is the key of another version.`)
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }
  const write = async (document: KeyDocument): Promise<void> => {
    await makeFolder(shardOf(document.commitment))
    await writeFileAtomic(pathOf(document.commitment), encodeDocument(document), { mode: 0o600 })
  }

  return {
    async *list() {
      for (const shard of (await shardsOf(folder)).sort())
        for (const name of (await readdir(join(folder, shard))).sort())
          if (/^[0-9a-f]{64}\.json$/.test(name)) yield `0x${name.slice(0, 64)}`
    },
    read,
    insert: (document) =>
      inTurn(async () => {
        if ((await read(document.commitment)) === undefined) await write(document)
      }),
    change: (commitment, change) =>
      inTurn(async () => {
        const document = await read(commitment)
        const next = document && change(document)
        if (next === undefined) return document !== undefined
        const old = await open(pathOf(commitment), 'r+')
        try {
          await write(next)
          await overwrite(old)
        } finally {
          await old.close()
        }
        return true
      }),
    settle: async () => {},
    close: async () => void (await last),
  }
}

/** A guest may come before the first key. */
const shardsOf = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw error
  })

/** What a killed process left half written was never acknowledged. */
async function prepare(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    for (const shard of await readdir(folder))
      for (const name of await readdir(join(folder, shard)))
        if (name.endsWith('.tmp')) await removeQuietly(join(folder, shard, name))
  } catch (error) {
    throw toStorageError(error)
  }
}

/**
 * Writes noise over a file that has no name any more. Disks that copy on write keep the old blocks for a while: what is in
 * them is worth nothing once the master key was changed.
 */
async function overwrite(handle: FileHandle): Promise<void> {
  const { size } = await handle.stat()
  await writeAll(handle, randomBytes(size), 0)
  await handle.sync()
}
