import {
  type ContentManifest,
  createRowCover,
  hasContent,
  type PartitionSecrets,
  parseManifest,
  partitionsOf,
  type RowCover,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { KeptKey, KeyStore } from '../ports/keyStore.js'
import type { Storage } from '../ports/storage.js'
import type { ContributionBook } from './contributionBook.js'
import { readPartition } from './readPartition.js'
import { firstRowOf, type KeptVersion } from './rowProofs.js'

export type KeptVersionsOptions = { storage: Storage; keyStore: KeyStore; book: ContributionBook }

/** A version that this operator keeps, with what is left of its keys. Undefined for one without content or manifest here. */
export async function keptVersion(
  { storage, keyStore, book }: KeptVersionsOptions,
  commitment: Hex,
): Promise<{ key: KeptKey; version: KeptVersion } | undefined> {
  const key = await keyStore.get(commitment)
  const bytes = key && (await storage.getManifest(key.manifestDigest))
  if (key === undefined || bytes === undefined) return undefined
  const manifest = parseManifest(bytes)
  if (!hasContent(manifest)) return undefined
  const covers = key.secrets.map((_, partition) => book.coverOf(commitment, partition))
  return { key, version: { manifest, secrets: key.secrets, covers } }
}

/** The cover of one partition's rows, which proves the others once its key is destroyed. */
export async function coverPartition(
  storage: Storage,
  manifest: ContentManifest,
  { partition, secrets }: { partition: number; secrets: PartitionSecrets },
): Promise<RowCover> {
  const covering = await createRowCover(firstRowOf(partitionsOf(manifest.content), partition), secrets.saltSeed)
  for await (const row of readPartition(storage, manifest, { partition, secrets })) covering.add(row)
  return covering.cover()
}
