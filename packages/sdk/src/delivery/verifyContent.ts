import {
  AgoraiError,
  type ContentManifest,
  type ContentSecrets,
  inMemory,
  isAgoraiError,
  type KeptSecrets,
  manifestDigest,
  type Partition,
  parseManifest,
  partitionsOf,
  type RandomAccess,
  requireContent,
  sealPartitions,
} from '@agorai/core'
import type { Hex } from 'viem'
import { computeContentCid } from '../content/contentCid.js'
import { createMeter, meterApart } from '../content/createMeter.js'
import { type MeasuredRows, measureRows } from '../content/measureRows.js'
import { needsRandomAccess } from '../content/readRows.js'
import { collectBytes } from '../content/readStream.js'
import { verifyCroissant } from '../publishing/verifyCroissant.js'

/** Most bytes of a content that is verified in memory. */
const gatheredBytesMax = 256 * 1024 * 1024

/** What was checked and found right, in a sentence with its figures. */
export type Check = { name: string; found: string }

export type DeliveredContent = {
  /** Of each partition; null when its key was destroyed before the delivery. */
  secrets: KeptSecrets
  /** The exact bytes of the manifest. */
  manifestBytes: Uint8Array
  /** The plaintext from its beginning, of the partitions that there are secrets of. */
  plaintext(): AsyncIterable<Uint8Array>
  /**
   * The plaintext from `start` up to `end`, which is not included. Parquet and Arrow are verified by it; without it, in
   * memory, up to 256 MiB.
   */
  read?(start: number, end: number): Promise<Uint8Array>
}

/**
 * Everything that can be recomputed from a delivered content without asking anyone: the salted root and the count of its
 * rows, its length, and, by encrypting it again, the CID of the ciphertext. One read of the content. Where partitions are
 * gone, lengths and rows of the others remain. A Croissant description that Agorai made is made again from the manifest.
 *
 * @throws AgoraiError `integrity_failed` with the field of the manifest that is not met, `manifest_invalid`
 */
export async function verifyContent(
  delivered: DeliveredContent,
): Promise<{ manifest: ContentManifest; digest: Hex; checks: Check[] }> {
  const manifest = requireContent(parseManifest(delivered.manifestBytes))
  const digest = manifestDigest(delivered.manifestBytes)
  const partitions = partitionsOf(manifest.content)
  const { secrets } = delivered
  if (secrets.length !== partitions.length)
    throw new AgoraiError(
      'integrity_failed',
      `There are keys for ${secrets.length} of ${partitions.length} partitions.`,
      {
        field: 'content.partitions',
      },
    )
  const kept = secrets.filter((each) => each !== null)
  const verifying =
    kept.length === partitions.length
      ? verifyWhole(manifest, kept, delivered)
      : verifyRemains(manifest, secrets, delivered.plaintext())
  const checks = await verifying.catch((error: unknown) => {
    // The operator has read the rows of what was published.
    if (!isAgoraiError(error, 'rows_invalid') && !isAgoraiError(error, 'unsafe_name')) throw error
    throw new AgoraiError('integrity_failed', `Its rows cannot be read as they were published: ${error.shortMessage}`, {
      field: 'content.plaintext.rows',
      cause: error,
    })
  })
  const described: Check[] = verifyCroissant(manifest) ? [{ name: 'croissant', found: 'as the manifest says' }] : []
  return { manifest, digest, checks: [...checks, ...described] }
}

async function verifyWhole(
  { contentId, content }: ContentManifest,
  secrets: ContentSecrets,
  delivered: DeliveredContent,
): Promise<Check[]> {
  const { plaintext } = content
  const partitions = partitionsOf(content)
  const partitionBytes = partitions.map((partition) => partition.bytes)
  const measure = (passing: AsyncIterable<Uint8Array> | RandomAccess): Promise<MeasuredRows> =>
    measureRows({ rowFormat: plaintext.rowFormat, content: passing, secrets, partitionBytes })
  const measured = needsRandomAccess(plaintext.rowFormat)
    ? meterApart(await measure(await randomAccessTo(delivered, plaintext.bytes)))
    : createMeter(measure)
  const counted = count(measured.pass(delivered.plaintext()))
  const cid = await computeContentCid(
    sealPartitions({ contentId, secrets, partitionBytes, plaintext: counted.content }),
  )
  const { rows, root, partitionRows } = await measured.result()
  return [
    compare('content.plaintext.bytes', counted.bytes(), plaintext.bytes),
    compare('content.plaintext.rows', rows, plaintext.rows),
    ...comparePartitions(partitionRows, partitions),
    compare('content.plaintext.root', root, plaintext.root),
    compare('content.cid', cid, content.cid),
  ]
}

async function randomAccessTo({ plaintext, read }: DeliveredContent, bytes: number): Promise<RandomAccess> {
  if (read !== undefined) return { bytes, read, stream: plaintext }
  if (bytes <= gatheredBytesMax) return inMemory(await collectBytes(plaintext()))
  throw new AgoraiError(
    'invalid_request',
    `A Parquet or Arrow file of more than ${gatheredBytesMax} bytes is verified where any part of it can be read: save it first.`,
  )
}

/** The root needs the salts of all rows, and the CID the keys of all partitions: neither is left to compare. */
async function verifyRemains(
  { content }: ContentManifest,
  secrets: KeptSecrets,
  delivered: AsyncIterable<Uint8Array>,
): Promise<Check[]> {
  const remaining = partitionsOf(content).filter((_, place) => secrets[place] !== null)
  const counted = count(delivered)
  const { partitionRows } = await measureRows({
    rowFormat: content.plaintext.rowFormat,
    content: counted.content,
    secrets: secrets.filter((each) => each !== null),
    partitionBytes: remaining.map((partition) => partition.bytes),
  })
  const bytes = remaining.reduce((sum, partition) => sum + partition.bytes, 0)
  return [
    compare('content.plaintext.bytes', counted.bytes(), bytes),
    ...comparePartitions(partitionRows, remaining),
    { name: 'content.partitions', found: `${remaining.length} of ${secrets.length}, the others are erased` },
  ]
}

const comparePartitions = (found: readonly number[], stated: readonly Partition[]): Check[] =>
  stated.length < 2 ? [] : [compare('content.partitions', found.join(' '), stated.map(({ rows }) => rows).join(' '))]

function count(stream: AsyncIterable<Uint8Array>): { content: AsyncIterable<Uint8Array>; bytes: () => number } {
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const slice of stream) {
      bytes += slice.length
      yield slice
    }
  }
  return { content: counted(), bytes: () => bytes }
}

function compare(field: string, found: string | number, stated: string | number): Check {
  if (found === stated) return { name: field, found: String(found) }
  throw new AgoraiError('integrity_failed', `${field} states ${stated}, the content has ${found}.`, {
    field,
    details: { stated, found },
  })
}
