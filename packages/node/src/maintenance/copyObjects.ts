import { isAgoraiError } from '@agorai/core'
import type { Hex } from 'viem'
import { assertContent, assertDigest } from '../adapters/storage/assertObject.js'
import type { ObjectKind, Storage, StoredObject } from '../ports/storage.js'
import { objectKinds } from './backupFolder.js'

export type CopiedObjects = {
  /** How many the target has now. */
  counts: Record<ObjectKind, number>
  copied: number
  bytes: number
  /** Objects of the source that are not what their names say; they were not copied. */
  damaged: string[]
}

/**
 * Copies every object that the target does not have, and reads each again from the target before it counts: what is there
 * afterwards is what its name says.
 */
export async function copyObjects(source: Storage, target: Storage): Promise<CopiedObjects> {
  const result: CopiedObjects = { counts: { content: 0, manifests: 0, chunks: 0 }, copied: 0, bytes: 0, damaged: [] }
  for (const kind of objectKinds)
    for await (const object of source.list(kind)) {
      try {
        if (await copyObject(source, target, kind, object)) {
          result.copied += 1
          result.bytes += object.bytes
        }
        result.counts[kind] += 1
      } catch (error) {
        if (!isAgoraiError(error, 'digest_mismatch') && !isAgoraiError(error, 'length_mismatch')) throw error
        result.damaged.push(`${kind}/${object.name}`)
      }
    }
  return result
}

/** @returns Whether it was not there. */
async function copyObject(source: Storage, target: Storage, kind: ObjectKind, object: StoredObject): Promise<boolean> {
  const { name, bytes } = object
  if (kind === 'content') {
    if ((await target.contentBytes(name)) === bytes) return false
    await target.putContent(name, bytes, source.readContent(name))
    await assertContent(name, bytes, target.readContent(name))
    return true
  }
  const digest = name as Hex
  const [get, put] =
    kind === 'manifests' ? (['getManifest', 'putManifest'] as const) : (['getChunkHashes', 'putChunkHashes'] as const)
  if ((await target[get](digest)) !== undefined) return false
  const found = await source[get](digest)
  if (found === undefined) return false
  await target[put](digest, found)
  const written = (await target[get](digest)) ?? new Uint8Array()
  if (kind === 'manifests') assertDigest(digest, written)
  return true
}
