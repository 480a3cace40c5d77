import { digestOfCid, hasContent, isAgoraiError, type Manifest, parseManifest } from '@agorai/core'
import type { Hex } from 'viem'
import type { JournalRecord } from '../ports/journal.js'
import type { KeyStore } from '../ports/keyStore.js'
import type { Storage } from '../ports/storage.js'

export type Garbage = { cid: string; bytes: number; why: string }

export type CollectGarbageOptions = {
  storage: Storage
  keyStore: KeyStore
  journal: AsyncIterable<JournalRecord>
  /** What is younger may still be on its way. */
  before: Date
  /** Whether to remove what is found, with the hashes of its chunks. */
  remove: boolean
}

/**
 * Finds content that is of no use: all its keys are destroyed, or nothing names it and it has lain there for long.
 * Manifests stay: they are public, small, and what the chain's commitments mean.
 */
export async function collectGarbage(options: CollectGarbageOptions): Promise<Garbage[]> {
  const { storage, before, remove } = options
  const { living, erased } = await keyedContents(options.keyStore)
  const manifests = await manifestsByContent(storage)
  const named = await digestsIn(options.journal)
  const garbage: Garbage[] = []
  for await (const { name: cid, bytes, storedAt } of storage.list('content')) {
    if (living.has(cid)) continue
    const isErased = erased.has(cid)
    const isNamed = manifests.has(cid) || named.has(digestOfCid(cid))
    if (!isErased && (isNamed || storedAt >= before)) continue
    garbage.push({ cid, bytes, why: isErased ? 'All its keys are destroyed.' : 'Nothing names it.' })
  }
  if (remove)
    for (const { cid } of garbage) {
      await storage.remove('content', cid)
      const root = manifests.get(cid)?.content?.chunkRoot
      if (root !== undefined) await storage.remove('chunks', root)
    }
  return garbage
}

/** Contents that a key opens, and those that keys opened once and none does any more. */
async function keyedContents(keyStore: KeyStore): Promise<{ living: Set<string>; erased: Set<string> }> {
  const living = new Set<string>()
  const erased = new Set<string>()
  for await (const commitment of keyStore.list()) {
    const key = await keyStore.get(commitment)
    if (key === undefined) continue
    const isErased = key.secrets.every((each) => each === null)
    ;(isErased ? erased : living).add(key.cid)
  }
  return { living, erased }
}

async function manifestsByContent(storage: Storage): Promise<Map<string, Manifest>> {
  const found = new Map<string, Manifest>()
  for await (const { name } of storage.list('manifests')) {
    const bytes = await storage.getManifest(name as Hex)
    const manifest = bytes && readManifest(bytes)
    if (manifest && hasContent(manifest)) found.set(manifest.content.cid, manifest)
  }
  return found
}

/** A manifest that cannot be read names nothing; `fsck` tells of it. */
function readManifest(bytes: Uint8Array): Manifest | undefined {
  try {
    return parseManifest(bytes)
  } catch (error) {
    if (isAgoraiError(error)) return undefined
    throw error
  }
}

/** Every digest and CID that the operator has acknowledged otherwise than by a key, such as what feeds and takedowns name. */
async function digestsIn(journal: AsyncIterable<JournalRecord>): Promise<Set<Hex>> {
  const digests = new Set<Hex>()
  for await (const record of journal) {
    if (record.kind === 'key-deposited' || record.kind === 'delivery-granted') continue
    const text = JSON.stringify(record)
    for (const [digest] of text.matchAll(/0x[0-9a-f]{64}/g)) digests.add(digest as Hex)
    for (const [cid] of text.matchAll(/\bbaf[a-z2-7]{56}\b/g)) digests.add(digestOfCid(cid))
  }
  return digests
}
