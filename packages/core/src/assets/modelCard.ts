import { z } from 'zod'
import { plainTextSchema } from '../http/primitives.js'

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const nameSchema = z.string().max(500)
/** A size, the name of one that each call may choose, or null where nothing is said. */
const shapeSchema = z.array(z.union([countSchema, nameSchema, z.null()])).max(32)

const tensorSchema = z.strictObject({ name: nameSchema, dtype: z.string().min(1).max(40), shape: shapeSchema })

export type Tensor = z.infer<typeof tensorSchema>

/** Most tensors and operators that a card lists; their totals count all. */
export const cardTensorsMax = 2048
export const cardMetadataMax = 64

/** What a model's file says of itself, read without running it. */
export const modelGraphSchema = z.strictObject({
  format: z.enum(['onnx', 'safetensors', 'gguf']),
  bytes: countSchema,
  /** Numbers in all tensors that the file holds as weights. */
  parameters: countSchema,
  /** Weights by the type they are kept in, most parameters first. */
  precision: z
    .array(z.strictObject({ dtype: z.string().min(1).max(40), tensors: countSchema, parameters: countSchema }))
    .max(64),
  inputs: z.array(tensorSchema).max(256).optional(),
  outputs: z.array(tensorSchema).max(256).optional(),
  /** Operators by their names, with a domain where it is not the standard one; most frequent first. */
  operators: z
    .array(z.strictObject({ name: nameSchema, count: countSchema }))
    .max(512)
    .optional(),
  opsets: z
    .array(z.strictObject({ domain: nameSchema, version: countSchema }))
    .max(64)
    .optional(),
  /** Files beside this one that hold weights; they are not part of the content. */
  externalData: z.array(nameSchema).max(256).optional(),
  /** Weights one by one: their names, types and shapes. */
  tensors: z.array(tensorSchema).max(cardTensorsMax).optional(),
  tensorCount: countSchema,
  /** What the file's own header says, shortened. */
  metadata: z.record(z.string().max(200), z.string().max(1000)).optional(),
})

export type ModelGraph = z.infer<typeof modelGraphSchema>

/** What is known of a model: the graph is read from its file, all else are the seller's words. */
export const modelCardSchema = z.strictObject({
  intendedUse: plainTextSchema(4000).optional(),
  training: plainTextSchema(4000).optional(),
  limitations: plainTextSchema(4000).optional(),
  /** Anything else that the seller says, field by field. */
  notes: z.record(z.string(), z.json()).optional(),
  graph: modelGraphSchema.optional(),
})

export type ModelCard = z.infer<typeof modelCardSchema>
