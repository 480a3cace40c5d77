import {
  AgoraiError,
  type ContentManifest,
  type ContentSecrets,
  createChunkRoot,
  createSha256,
  meterChunks,
  type RandomAccess,
  type SampleRow,
  sealedBytesOf,
  sealPartitions,
} from '@agorai/core'
import type { Hex } from 'viem'
import { computeContentCid } from '../content/contentCid.js'
import { createMeter, meterApart } from '../content/createMeter.js'
import { type MeasuredRows, measureRows } from '../content/measureRows.js'
import { createFieldProfile } from '../content/profileFields.js'
import { needsRandomAccess, type RowFormat } from '../content/readRows.js'

/** A file, or anything else that can be read from its beginning more than once. */
export type ContentSource = {
  /** A plain name, without folders. */
  fileName: string
  mediaType: string
  /** Length of what `stream` yields. */
  bytes: number
  /** Reads it from the beginning; called twice. Slices stay as they are after they were yielded. */
  stream(): AsyncIterable<Uint8Array>
  /** The bytes from `start` up to `end`, which is not included. Parquet and Arrow cannot be read without. */
  read?(start: number, end: number): Promise<Uint8Array>
}

/** A part of a content that is sealed by itself: see `content.partitions` of a manifest. */
export type StatedPartition = { contributor: number | null; bytes: number }

export type MeasuredContent = {
  content: ContentManifest['content']
  fields: ContentManifest['fields']
  /** The rows that were wanted, with their proofs. */
  sampleRows: SampleRow[]
  /** Of the whole ciphertext, where it was wanted. */
  ciphertextSha256?: Hex
}

/**
 * Everything that a manifest states about a content, in one read of it (Parquet and Arrow are read twice): the rows and their salted root, the columns, and
 * the CID and the chunk root of the ciphertext.
 *
 * @throws AgoraiError `rows_invalid` with the line, `length_mismatch`
 */
export async function measureContent(
  source: ContentSource,
  parameters: {
    rowFormat: RowFormat
    contentId: Hex
    secrets: ContentSecrets
    /** Default: the content is one part. */
    partitions?: readonly StatedPartition[] | undefined
    /** Indices of rows to keep with their proofs. Default: none. */
    sampled?: readonly number[] | undefined
    /** Whether the ciphertext is hashed as a whole too, for descriptions that name it. */
    withSha256: boolean
    /** Told of the bytes read so far. */
    onBytes: (bytes: number) => void
  },
): Promise<MeasuredContent> {
  const { rowFormat, contentId, secrets, partitions, sampled, withSha256, onBytes } = parameters
  const partitionBytes = partitions?.map((partition) => partition.bytes) ?? [source.bytes]
  const profile = createFieldProfile()
  const measure = (content: AsyncIterable<Uint8Array> | RandomAccess): Promise<MeasuredRows> =>
    measureRows({ rowFormat, content, secrets, partitionBytes, onRecord: profile.add, wanted: sampled })
  const measured = needsRandomAccess(rowFormat)
    ? meterApart(await measure(randomAccessTo(source)))
    : createMeter(measure)
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const slice of source.stream()) {
      bytes += slice.length
      onBytes(bytes)
      yield slice
    }
  }
  const plaintext = measured.pass(counted())
  const chunks = await createChunkRoot()
  const sealed = sealPartitions({ contentId, secrets, partitionBytes, plaintext })
  const sha256 = withSha256 ? await createSha256() : undefined
  const hashed = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of sealed) {
      sha256?.update(chunk)
      yield chunk
    }
  }
  const cid = await computeContentCid(meterChunks(chunks, hashed()))
  const { rows, root, partitionRows, sample } = await measured.result()
  if (bytes !== source.bytes)
    throw new AgoraiError('length_mismatch', `The content has ${bytes} bytes, ${source.bytes} were stated.`, {
      field: 'content.bytes',
      details: { bytes, stated: source.bytes },
    })
  const { fileName, mediaType } = source
  const content = {
    plaintext: { fileName, mediaType, bytes, root, rowFormat, rows },
    ...(partitions && { partitions: partitions.map((part, place) => ({ ...part, rows: partitionRows[place] ?? 0 })) }),
  }
  const ciphertext = { cid, bytes: sealedBytesOf(content), chunkRoot: chunks.root(), chunks: chunks.chunks }
  return {
    ...{ content: { ...ciphertext, ...content }, fields: profile.fields(), sampleRows: sample },
    ...(sha256 && { ciphertextSha256: sha256.digest() }),
  }
}

function randomAccessTo({ bytes, read, stream }: ContentSource): RandomAccess {
  if (read !== undefined) return { bytes, read, stream }
  throw new AgoraiError(
    'rows_invalid',
    'A Parquet or Arrow file is read from its end: give a source that has `read`.',
    {
      field: 'content',
    },
  )
}
