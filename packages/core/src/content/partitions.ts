import type { Hex } from 'viem'
import { chunkBytes, importContentKey, openContent, sealContent, sealedBytes } from './chunks.js'
import { splitStream } from './splitStream.js'

/** Most partitions of one content. */
export const partitionsMax = 1_024

/** What decrypts one partition, and what opens its row salts. 32 bytes each. */
export type PartitionSecrets = { contentKey: Uint8Array; saltSeed: Uint8Array }

/** The secrets of a content: one pair for each of its partitions, in order. */
export type ContentSecrets = readonly PartitionSecrets[]

/** What an operator still has of them: null stands for a partition whose key was destroyed. */
export type KeptSecrets = readonly (PartitionSecrets | null)[]

/** The part of a content that one contributor gave. It ends where a row ends. */
export type Partition = {
  /** Who gave it, by place among the manifest's contributors; null is the publisher. */
  contributor: number | null
  /** Length of its plaintext. */
  bytes: number
  rows: number
}

export type Partitioned = {
  partitions?: readonly Partition[] | undefined
  plaintext: { bytes: number; rows: number }
}

/** The partitions of a content, in order; a content that names none is one. */
export const partitionsOf = ({ partitions, plaintext }: Partitioned): readonly Partition[] =>
  partitions ?? [{ contributor: null, bytes: plaintext.bytes, rows: plaintext.rows }]

/** Length of the whole sealed content. */
export const sealedBytesOf = (content: Partitioned): number =>
  partitionsOf(content).reduce((sum, { bytes }) => sum + sealedBytes(bytes), 0)

type Sealing = {
  contentId: Hex
  /** Plaintext lengths of the partitions. */
  partitionBytes: readonly number[]
}

/** A place in a sealed content: so many bytes into a chunk of a partition, whose plaintext begins at a byte of the whole. */
type Place = { partition: number; chunk: number; skipped: number; plaintextStart: number }

/**
 * Seals a content: each partition apart under its own key, one after the other. Losing a key takes one partition away and
 * leaves the others readable.
 */
export async function* sealPartitions(
  parameters: Sealing & { secrets: ContentSecrets; plaintext: AsyncIterable<Uint8Array> },
): AsyncGenerator<Uint8Array> {
  yield* sealFrom({ ...parameters, start: 0, plaintext: () => parameters.plaintext })
}

/**
 * The sealed content from one of its bytes on, for an upload that goes on where it stopped. Nothing before the chunk that
 * the byte is in is read.
 *
 * @param parameters.plaintext The content from one of its bytes on.
 */
export async function* sealFrom(
  parameters: Sealing & {
    secrets: ContentSecrets
    /** Byte of the sealed content, at most its length. */
    start: number
    plaintext: (start: number) => AsyncIterable<Uint8Array>
  },
): AsyncGenerator<Uint8Array> {
  const { contentId, partitionBytes, secrets, start } = parameters
  const place = placeOf(partitionBytes, start)
  if (place === undefined) return
  const lengths = partitionBytes.slice(place.partition)
  lengths[0] = (lengths[0] ?? 0) - place.chunk * chunkBytes
  let { partition, chunk: firstChunk, skipped } = place
  for await (const plaintext of splitStream(parameters.plaintext(place.plaintextStart), lengths)) {
    const key = await importContentKey(secretsAt(secrets, partition).contentKey)
    for await (const chunk of sealContent({ key, contentId, partition, firstChunk, plaintext })) {
      yield skipped === 0 ? chunk : chunk.subarray(skipped)
      skipped = 0
    }
    firstChunk = 0
    partition++
  }
}

/** Undefined at the end. */
function placeOf(partitionBytes: readonly number[], start: number): Place | undefined {
  const sealedChunkBytes = sealedBytes(chunkBytes)
  let [sealedStart, plaintextStart] = [0, 0]
  for (const [partition, bytes] of partitionBytes.entries()) {
    const within = start - sealedStart
    if (within < sealedBytes(bytes)) {
      const chunk = Math.floor(within / sealedChunkBytes)
      const skipped = within - chunk * sealedChunkBytes
      return { partition, chunk, skipped, plaintextStart: plaintextStart + chunk * chunkBytes }
    }
    sealedStart += sealedBytes(bytes)
    plaintextStart += bytes
  }
  return undefined
}

/**
 * Opens what `sealPartitions` sealed. Partitions whose secrets are gone are passed over.
 *
 * @throws AgoraiError `integrity_failed` with partition and chunk.
 */
export async function* openPartitions(
  parameters: Sealing & { secrets: KeptSecrets; ciphertext: AsyncIterable<Uint8Array> },
): AsyncGenerator<Uint8Array> {
  const { contentId, partitionBytes, secrets } = parameters
  let partition = 0
  for await (const ciphertext of splitStream(parameters.ciphertext, partitionBytes.map(sealedBytes))) {
    const kept = secretsAt(secrets, partition)
    if (kept === null) await drain(ciphertext)
    else yield* openContent({ key: await importContentKey(kept.contentKey), contentId, partition, ciphertext })
    partition++
  }
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}

/** @throws RangeError for a caller that has fewer secrets than partitions. */
function secretsAt<secrets extends PartitionSecrets | null>(list: readonly secrets[], partition: number): secrets {
  const found = list[partition]
  if (found === undefined) throw new RangeError(`There are no secrets for partition ${partition}.`)
  return found
}
