import {
  type ContentManifest,
  importContentKey,
  openContent,
  type PartitionSecrets,
  partitionsOf,
  sealedBytes,
} from '@agorai/core'
import { needsRandomAccess, readRows } from '@agorai/sdk'
import type { Storage } from '../ports/storage.js'
import { openStored } from './openStored.js'

/**
 * The rows of one partition of a stored content.
 *
 * @throws AgoraiError `integrity_failed`, `rows_invalid`
 */
export async function* readPartition(
  storage: Storage,
  { contentId, content }: Pick<ContentManifest, 'contentId' | 'content'>,
  { partition, secrets }: { partition: number; secrets: PartitionSecrets },
): AsyncGenerator<Uint8Array> {
  const { rowFormat } = content.plaintext
  if (needsRandomAccess(rowFormat)) {
    yield* readRows(rowFormat, await openStored(storage, { contentId, content }, secrets.contentKey))
    return
  }
  const lengths = partitionsOf(content).map(({ bytes }) => sealedBytes(bytes))
  const start = lengths.slice(0, partition).reduce((sum, length) => sum + length, 0)
  const ciphertext = storage.readContent(content.cid, { start, end: start + (lengths[partition] ?? 0) - 1 })
  const key = await importContentKey(secrets.contentKey)
  yield* readRows(rowFormat, openContent({ key, contentId, partition, ciphertext }))
}
