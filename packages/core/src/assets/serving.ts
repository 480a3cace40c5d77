import { z } from 'zod'
import { addressSchema, uintSchema, versionIdSchema } from '../http/primitives.js'

/** What a call is measured in. A row is an item of the first dimension of a tensor; a millisecond is one of the model's. */
export const meteringUnits = ['call', 'input_token', 'output_token', 'row', 'millisecond'] as const

export type MeteringUnit = (typeof meteringUnits)[number]

/** Ways to call a service: the OpenAI API's three, and tensors by the Open Inference Protocol. */
export const servingApis = ['completions', 'chat', 'embeddings', 'infer'] as const

export type ServingApi = (typeof servingApis)[number]

const priceSchema = z.strictObject({
  unit: z.enum(meteringUnits),
  /** Base units of the payment token for `per` units, rounded up for each call. */
  amount: uintSchema,
  per: z.number().int().min(1).max(1_000_000_000).default(1),
})

const distinct = (values: readonly unknown[]): boolean => new Set(values).size === values.length

/** How a service is called and what a call costs. It stands in the manifest, so another price is another version. */
export const servingSchema = z.strictObject({
  /** What answers: a model on the market that the node runs, or a server that the operator reaches. */
  runtime: z.enum(['onnx', 'upstream']),
  /** The model, one of the suppliers; absent when what answers is not on the market. */
  model: versionIdSchema.optional(),
  apis: z.array(z.enum(servingApis)).min(1).refine(distinct, 'must name each once'),
  /** Payment token of the prices. */
  token: addressSchema,
  prices: z
    .array(priceSchema)
    .min(1)
    .max(meteringUnits.length)
    .refine((prices) => distinct(prices.map(({ unit }) => unit)), 'must name each unit once'),
  /** The most that one call may use; what asks for more is refused. */
  limits: z
    .strictObject({
      inputTokens: z.number().int().min(1).max(10_000_000).default(4_096),
      outputTokens: z.number().int().min(1).max(1_000_000).default(1_024),
      rows: z.number().int().min(1).max(1_000_000).default(1_024),
      milliseconds: z.number().int().min(1).max(3_600_000).default(60_000),
    })
    .prefault({}),
  /** Calls a day that each account has for nothing, by a signed request. */
  freeCalls: z.number().int().min(0).max(1_000_000).default(0),
})

export type Serving = z.infer<typeof servingSchema>
