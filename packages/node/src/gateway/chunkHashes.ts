import { AgoraiError, type ContentManifest, chunkHashBytes, createChunkRoot, cutChunks, hashChunk } from '@agorai/core'
import type { Hex } from 'viem'
import type { Storage } from '../ports/storage.js'
import { createGate } from './createGate.js'
import { shareWork } from './shareWork.js'

/** The hashes of the stored chunks of a content, one after the other, which lead to the root that its manifest states. */
export type ChunkHashes = (manifest: ContentManifest) => Promise<Uint8Array>

/**
 * Gives the hashes that were kept when the content was checked. Where there are none they are made once, however many
 * ask, and one content at a time.
 */
export function createChunkHashes(storage: Storage): ChunkHashes {
  const gate = createGate({ runningMax: 1, waitingMax: 16 })
  const underWay = new Map<Hex, Promise<Uint8Array>>()
  return async (manifest) => {
    const { chunkRoot } = manifest.content
    return (
      (await storage.getChunkHashes(chunkRoot)) ??
      shareWork(underWay, chunkRoot, () => gate(() => keepChunkHashes(storage, manifest)))
    )
  }
}

/**
 * Hashes the stored chunks of a content and keeps the hashes, if they lead to the root that the manifest states. A seller
 * could state another, and have an honest operator look like a liar.
 *
 * @throws AgoraiError `content_missing`, `digest_mismatch`
 */
export async function keepChunkHashes(storage: Storage, { content }: ContentManifest): Promise<Uint8Array> {
  if ((await storage.contentBytes(content.cid)) !== content.bytes)
    throw new AgoraiError('content_missing', 'The content of this manifest is not stored here.', {
      field: 'content.cid',
    })
  const hashes = new Uint8Array(content.chunks * chunkHashBytes)
  const root = await createChunkRoot()
  for await (const { index, bytes } of cutChunks(content, storage.readContent(content.cid))) {
    const hash = await hashChunk(bytes)
    if (index < content.chunks) hashes.set(hash, index * chunkHashBytes)
    root.add(hash)
  }
  if (root.chunks !== content.chunks || root.root() !== content.chunkRoot)
    throw new AgoraiError('digest_mismatch', 'The chunks of the content have another root.', {
      field: 'content.chunkRoot',
    })
  await storage.putChunkHashes(content.chunkRoot, hashes)
  return hashes
}
