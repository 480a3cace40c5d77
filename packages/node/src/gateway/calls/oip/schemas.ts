import { z } from 'zod'
import { tensorTypes } from '../../../ports/inference.js'

const nameSchema = z.string().min(1).max(200)
/** Parameters that change nothing here are let through: clients send their own. */
const parametersSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

const inputSchema = z.strictObject({
  name: nameSchema,
  datatype: z.enum(tensorTypes),
  shape: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(2 ** 31),
    )
    .max(16),
  parameters: parametersSchema.optional(),
  /** Nested or flat. Absent when the values follow as bytes. */
  data: z.array(z.unknown()).optional(),
})

export type InputTensor = z.output<typeof inputSchema>

const outputSchema = z.strictObject({ name: nameSchema, parameters: parametersSchema.optional() })

/** A request of the Open Inference Protocol. */
export const inferenceSchema = z.strictObject({
  id: z.string().max(200).optional(),
  parameters: parametersSchema.optional(),
  inputs: z.array(inputSchema).min(1).max(64),
  outputs: z.array(outputSchema).max(64).optional(),
})

export type InferenceRequest = z.output<typeof inferenceSchema>
