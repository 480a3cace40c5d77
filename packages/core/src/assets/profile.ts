import { z } from 'zod'
import { plainTextSchema } from '../http/primitives.js'

/** Most columns whose figures a profile holds, and most pairs of which it states a correlation. */
export const profileColumnsMax = 4096
export const correlationsMax = 64
export const histogramBinsMax = 64

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const figureSchema = z.number()
const nameSchema = z.string().min(1).max(200)

/** Bars of one width from `from` to `to`. Whole numbers of few values have a bar each, around the number. */
export const histogramSchema = z
  .strictObject({
    from: figureSchema,
    to: figureSchema,
    counts: z.array(countSchema).min(1).max(histogramBinsMax),
  })
  .refine(({ from, to }) => from <= to, { message: 'must not be below where it starts', path: ['to'] })

export type Histogram = z.infer<typeof histogramSchema>

const spreadSchema = z.strictObject({
  min: figureSchema,
  max: figureSchema,
  mean: figureSchema,
  /** Standard deviation of the sample. */
  deviation: figureSchema.min(0),
  /** Values below which 5, 25, 50, 75 and 95 of 100 rows lie. */
  quantiles: z.tuple([figureSchema, figureSchema, figureSchema, figureSchema, figureSchema]),
  histogram: histogramSchema,
})

export type Spread = z.infer<typeof spreadSchema>

const columnSchema = z.strictObject({
  name: nameSchema,
  type: z.enum(['integer', 'number', 'boolean', 'date', 'string', 'mixed']),
  /** Rows without a value: null, absent, or the empty text of a CSV. */
  nulls: countSchema,
  /** Different values, nulls not counted. */
  distinct: countSchema,
  /** Of numbers; of dates in seconds since 1970; of texts the length in characters; of booleans, 0 and 1. */
  spread: spreadSchema.optional(),
  /** The most frequent values, where the seller wants them public. */
  top: z
    .array(z.strictObject({ value: z.string().max(200), count: countSchema }))
    .min(1)
    .max(20)
    .optional(),
})

export type ColumnProfile = z.infer<typeof columnSchema>

const tableSchema = z.strictObject({
  /** Rows that the figures were taken from; all of them unless `sampled`. */
  rows: countSchema,
  /** How the rows were chosen when the content has more: the first ones, or drawn at random. */
  sampled: z.enum(['first', 'random']).optional(),
  columns: z.array(columnSchema).max(profileColumnsMax),
  /** Columns of which the seller gives no figures. */
  withheld: z.array(nameSchema).max(profileColumnsMax),
  /** Pearson's, strongest first, of pairs of numeric columns. */
  correlations: z
    .array(z.strictObject({ a: nameSchema, b: nameSchema, r: z.number().min(-1).max(1) }))
    .max(correlationsMax),
})

export type TableProfile = z.infer<typeof tableSchema>

const textProfileSchema = z.strictObject({
  characters: countSchema,
  lines: countSchema,
  words: countSchema,
  /** Characters of a line. */
  lineMean: figureSchema.min(0),
  lineMax: countSchema,
  /** Letters by the script they are written in, most frequent first. */
  scripts: z.array(z.strictObject({ script: plainTextSchema(40), letters: countSchema })).max(32),
})

const tallySchema = z.array(z.strictObject({ value: plainTextSchema(100), files: countSchema })).max(64)
const rangeSchema = z.strictObject({ min: figureSchema, max: figureSchema })

const filesSchema = z.strictObject({
  files: countSchema,
  bytes: countSchema,
  /** Files that were opened; all of them unless there are very many. */
  opened: countSchema,
  mediaTypes: tallySchema,
})

const imagesSchema = z.strictObject({
  images: countSchema,
  width: rangeSchema,
  height: rangeSchema,
  /** Images that carry EXIF, and those in which it says where they were taken. */
  exif: countSchema,
  located: countSchema,
})

const soundSchema = z.strictObject({
  recordings: countSchema,
  seconds: figureSchema.min(0),
  length: rangeSchema,
  hertz: tallySchema,
  channels: tallySchema,
  codecs: tallySchema,
})

/** Figures of a content, taken from the content itself. Each part is there where the content has such a thing. */
export const profileSchema = z.strictObject({
  table: tableSchema.optional(),
  text: textProfileSchema.optional(),
  files: filesSchema.optional(),
  images: imagesSchema.optional(),
  sound: soundSchema.optional(),
})

export type Profile = z.infer<typeof profileSchema>
