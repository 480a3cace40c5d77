import { createHash, type Hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  AgoraiError,
  type ContentManifest,
  type ContentSecrets,
  isAgoraiError,
  openPartitions,
  partitionsOf,
  type RandomAccess,
  sealedBytesOf,
} from '@agorai/core'
import { measureRows, needsRandomAccess, verifyCroissant, verifySample } from '@agorai/sdk'
import type { Hex } from 'viem'
import type { Storage } from '../ports/storage.js'
import { keepChunkHashes } from './chunkHashes.js'
import { openStored } from './openStored.js'

/** Rows hashed before others get their turn: short ones come by the million. */
const rowsPerTurn = 4_096

/**
 * Opens a whole stored content and compares it with its manifest. What passes can be delivered: the key opens it, and a
 * buyer will find the length, the rows, the salted root, the sample, the chunks and the Croissant description that the
 * manifest states.
 *
 * @throws AgoraiError `content_missing`, `length_mismatch`, `key_invalid`, `rows_invalid`, `digest_mismatch`
 */
export async function checkContent(
  storage: Storage,
  manifest: ContentManifest,
  secrets: ContentSecrets,
): Promise<void> {
  const { cid, bytes, plaintext } = manifest.content
  const stored = await storage.contentBytes(cid)
  if (stored === undefined)
    throw new AgoraiError('content_missing', 'The content of this manifest was not uploaded.', { field: 'content.cid' })
  if (stored !== bytes) throw wrongLength('content.bytes', bytes, stored)
  if (sealedBytesOf(manifest.content) !== bytes) throw wrongLength('content.plaintext.bytes', plaintext.bytes, bytes)

  const partitions = partitionsOf(manifest.content)
  if (secrets.length !== partitions.length)
    throw new AgoraiError('key_invalid', `There are keys for ${secrets.length} of ${partitions.length} partitions.`)

  const { contentId } = manifest
  const partitionBytes = partitions.map((partition) => partition.bytes)
  const hash = createHash('sha256')
  const open = (): AsyncIterable<Uint8Array> =>
    openPartitions({ contentId, secrets, partitionBytes, ciphertext: passThrough(storage.readContent(cid), hash) })
  const measure = async () =>
    measureRows({
      rowFormat: plaintext.rowFormat,
      content: needsRandomAccess(plaintext.rowFormat) ? await openAnywhere(storage, manifest, secrets, open()) : open(),
      secrets,
      partitionBytes,
      onRow(rows) {
        if (rows > plaintext.rows) throw wrongLength('content.plaintext.rows', plaintext.rows, 'more')
        return rows % rowsPerTurn === 0 ? nextTurn() : undefined
      },
    })
  const measured = await measure().catch((error: unknown) => {
    // The stored bytes have their CID, so it is the key, or the contentId, that does not fit them.
    if (!isAgoraiError(error, 'integrity_failed')) throw error
    throw new AgoraiError('key_invalid', 'The deposited key does not open the stored content.', { cause: error })
  })
  if (measured.rows !== plaintext.rows) throw wrongLength('content.plaintext.rows', plaintext.rows, measured.rows)
  for (const [place, { rows }] of partitions.entries()) {
    const found = measured.partitionRows[place] ?? 0
    if (rows !== found) throw wrongLength(`content.partitions.${place}.rows`, rows, found)
  }
  if (measured.root !== plaintext.root)
    throw new AgoraiError('digest_mismatch', 'The rows of the content have another root.', {
      field: 'content.plaintext.root',
    })
  await verifySample(manifest).catch((cause: unknown) => {
    throw new AgoraiError('digest_mismatch', 'A row of the sample is not that row of the content.', {
      field: 'sample.rows',
      cause,
    })
  })
  assertDescribed(manifest, `0x${hash.digest('hex')}`)
  await keepChunkHashes(storage, manifest)
}

async function* passThrough(content: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const slice of content) {
    hash.update(slice)
    yield slice
  }
}

function assertDescribed(manifest: ContentManifest, sha256: Hex): void {
  try {
    verifyCroissant(manifest, sha256)
  } catch (cause) {
    if (!isAgoraiError(cause)) throw cause
    throw new AgoraiError('digest_mismatch', cause.shortMessage, { field: cause.field ?? 'croissant', cause })
  }
}

/** A content of one partition, all of which was opened once, by any of its parts. */
async function openAnywhere(
  storage: Storage,
  manifest: ContentManifest,
  [secrets]: ContentSecrets,
  opened: AsyncIterable<Uint8Array>,
): Promise<RandomAccess> {
  for await (const _ of opened);
  return openStored(storage, manifest, secrets?.contentKey ?? new Uint8Array())
}

const wrongLength = (field: string, stated: number, actual: number | 'more'): AgoraiError =>
  new AgoraiError('length_mismatch', `${field} states ${stated}, the content has ${actual}.`, {
    field,
    details: { stated, actual },
  })
