import { z } from 'zod'
import { meteringUnits, servingApis, servingSchema } from '../assets/serving.js'
import { addressSchema, uintSchema, versionIdSchema } from './primitives.js'

/** What the owner of a service asks of an operator: to serve it from now on. Signed as an upload of `services`. */
export const startServingSchema = z.strictObject({
  /** The service. */
  asset: versionIdSchema,
  /** The offer of the model whose running pass the owner holds; absent when the owner owns the model, too. */
  offer: uintSchema.optional(),
})

export type StartServing = z.infer<typeof startServingSchema>

/** Asks an operator to serve it no more. Signed as an upload of `services/<asset>/stop`. */
export const stopServingSchema = z.strictObject({ asset: versionIdSchema })

export type StopServing = z.infer<typeof stopServingSchema>

export const stoppedServingSchema = z.strictObject({ stopped: versionIdSchema })

/** A tensor that a model takes or gives; -1 is a size that the caller chooses. */
const tensorInfoSchema = z.strictObject({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.number().int()),
})

/** A service as a node serves it. */
export const servedServiceSchema = z.strictObject({
  asset: versionIdSchema,
  /** The version that is sold, the asset's current one. */
  version: versionIdSchema,
  owner: addressSchema,
  /** The asset's payment address. */
  till: addressSchema,
  name: z.string(),
  serving: servingSchema,
  /** Unix seconds. */
  since: z.number().int(),
  inputs: z.array(tensorInfoSchema),
  outputs: z.array(tensorInfoSchema),
})

export type ServedServiceInfo = z.infer<typeof servedServiceSchema>

export const servedServicesSchema = z.strictObject({
  services: z.array(servedServiceSchema),
  /** What channels with this operator are like, whatever they pay; absent where it takes none. */
  channels: z.strictObject({ receiver: addressSchema, withdrawDelay: z.number().int() }).optional(),
})

/** What a call used, or uses at most, in whole units. What is not there is 0. */
export const meteredUsageSchema = z.partialRecord(z.enum(meteringUnits), z.number().int().min(0))

/** Asks what a call costs at most, before it is made: `body` is the call's own, as JSON. */
export const quoteRequestSchema = z.strictObject({
  service: versionIdSchema,
  api: z.enum(servingApis),
  body: z.record(z.string(), z.json()),
})

export type QuoteRequest = z.infer<typeof quoteRequestSchema>

export const quoteSchema = z.strictObject({
  service: versionIdSchema,
  version: versionIdSchema,
  /** The most that the call can use. */
  usageMax: meteredUsageSchema,
  /** The most that it costs, in base units of the token. */
  amountMax: uintSchema,
  token: addressSchema,
})

export type Quote = z.infer<typeof quoteSchema>
