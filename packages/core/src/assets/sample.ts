import { z } from 'zod'
import { bytes32Schema } from '../http/primitives.js'
import { fileNameSchema } from './fileName.js'

/** Most bytes that the rows, and that the previews of a sample have together. */
export const sampleBytesMax = 256 * 1024
export const sampleRowsMax = 100
const previewsMax = 16

/** Media types that a browser shows without running anything in them. */
export const previewMediaTypes = ['image/png', 'image/jpeg', 'image/webp', 'audio/wav', 'audio/mpeg'] as const
export type PreviewMediaType = (typeof previewMediaTypes)[number]

const sampleRowSchema = z.strictObject({
  index: z.number().int().min(0),
  /** The row as the tree holds it: canonical JSON of its record. */
  row: z.string().min(2).max(sampleBytesMax),
  /** Opens this row and says nothing of the others. */
  salt: bytes32Schema,
  /** Siblings from the row to the root that the manifest states. */
  proof: z.array(bytes32Schema).max(32),
})

export type SampleRow = z.infer<typeof sampleRowSchema>

const base64Length = (bytes: number) => Math.ceil(bytes / 3) * 4

const previewSchema = z.strictObject({
  fileName: fileNameSchema,
  mediaType: z.enum(previewMediaTypes),
  /** The file in base64. */
  data: z.base64().min(4).max(base64Length(sampleBytesMax)),
})

const sum = (lengths: readonly number[]) => lengths.reduce((total, length) => total + length, 0)

/** What the seller shows before anyone pays: rows that prove to be the content's, and small files to look at or hear. */
export const sampleSchema = z.strictObject({
  rows: z
    .array(sampleRowSchema)
    .max(sampleRowsMax)
    .refine((rows) => rows.every(({ index }, i) => index > (rows[i - 1]?.index ?? -1)), 'must ascend by index')
    .refine((rows) => sum(rows.map(({ row }) => row.length)) <= sampleBytesMax, 'must be at most 256 KiB together'),
  previews: z
    .array(previewSchema)
    .max(previewsMax)
    .refine(
      (previews) => sum(previews.map(({ data }) => data.length)) <= base64Length(sampleBytesMax),
      'must be at most 256 KiB together',
    ),
})

export type Sample = z.infer<typeof sampleSchema>
export type Preview = Sample['previews'][number]
