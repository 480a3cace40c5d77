import {
  addressSchema,
  bytes32Schema,
  channelConfigSchema,
  parseWith,
  type Spending,
  type SpendingPolicy,
  uintSchema,
  versionIdSchema,
} from '@agorai/core'
import { z } from 'zod'
import type { KeptChannel } from './channelStore.js'
import type { KeptSession } from './keptSession.js'

const amountSchema = uintSchema.transform((text) => BigInt(text))

const spendingSchema = z.strictObject({
  day: z.number().int().min(0),
  today: amountSchema,
  byAsset: z.record(z.string(), amountSchema),
  total: amountSchema,
})

const policySchema = z.strictObject({
  token: addressSchema,
  perCallMax: amountSchema.optional(),
  perDayMax: amountSchema.optional(),
  perAssetMax: amountSchema.optional(),
  totalMax: amountSchema.optional(),
  assets: z.array(versionIdSchema.transform((text) => BigInt(text))).optional(),
  operators: z.array(addressSchema).optional(),
})

const channelSchema = z.strictObject({
  config: channelConfigSchema,
  charged: amountSchema,
  balance: amountSchema,
  signedMax: amountSchema,
  answered: z.boolean(),
  session: z.string().optional(),
})

const sessionSchema = z.strictObject({
  session: z.string(),
  node: z.string(),
  bearer: z.string(),
  macKey: z.string(),
  channel: bytes32Schema.optional(),
  salt: bytes32Schema,
  asset: amountSchema.optional(),
  offer: amountSchema.optional(),
  token: addressSchema.optional(),
  from: amountSchema,
  ceiling: amountSchema,
  charged: amountSchema,
  unsure: amountSchema.default(0n),
  shared: z.boolean().default(true),
  counter: z.number().int().min(0),
  expiresAt: z.number().int(),
})

const pendingCallSchema = z.strictObject({
  /** Its idempotency key. */
  key: z.string(),
  /** When it was sent first, in unix seconds. */
  at: z.number().int(),
  /** The process that sent it. */
  pid: z.number().int(),
  /** Whether that process has given up waiting. */
  lost: z.boolean(),
})

/** A call that was sent and has no answer yet. */
export type KeptCall = z.output<typeof pendingCallSchema>

// What a payer keeps, as it comes back from JSON in which amounts are decimal strings.

/** @throws AgoraiError `invalid_request` */
export const parseSpending = (value: unknown): Spending => parseWith(spendingSchema, value)

/** @throws AgoraiError `invalid_request` */
export const parsePolicy = (value: unknown): SpendingPolicy => parseWith(policySchema, value)

/** @throws AgoraiError `invalid_request` */
export const parseKeptChannel = (value: unknown): KeptChannel => parseWith(channelSchema, value)

/** @throws AgoraiError `invalid_request` */
export const parseKeptCall = (value: unknown): KeptCall => parseWith(pendingCallSchema, value)

/** @throws AgoraiError `invalid_request` */
export function parseKeptSession(value: unknown): KeptSession {
  const { channel, asset, offer, token, ...rest } = parseWith(sessionSchema, value)
  return { ...rest, channel, asset, offer, token }
}
