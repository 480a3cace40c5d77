import type { Address, Hex } from 'viem'
import { z } from 'zod'
import { chainNameSchema } from '../chain/caip.js'
import { addressSchema, uintSchema } from '../http/primitives.js'
import { withdrawDelayMax, withdrawDelayMin } from './channels.js'

/** x402 version 2 (specs/x402-specification-v2.md), as far as its `exact` and `batch-settlement` schemes on EVM need it. */

export const paymentRequiredHeader = 'PAYMENT-REQUIRED'
export const paymentSignatureHeader = 'PAYMENT-SIGNATURE'
export const paymentResponseHeader = 'PAYMENT-RESPONSE'

const uint128Text = `${2n ** 128n - 1n}`

/** Base units as x402 writes them. `BigInt()` is no validator: `BigInt('0x10') === 16n`. */
export const amountSchema = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/, 'must be a decimal integer without sign or leading zeros')
  // Decimal strings of one length compare as their numbers do.
  .refine(
    (value) => value.length < uint128Text.length || (value.length === uint128Text.length && value <= uint128Text),
    'must be below 2^128',
  )

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `must be 0x and ${2 * bytes} hex digits`)
    .transform((value) => value.toLowerCase() as Hex)
/** A contract's signature may be long; a wallet's has 65 bytes. */
const signatureSchema = z
  .string()
  .max(16_384)
  .regex(/^0x([0-9a-fA-F]{2})+$/, 'must be 0x and an even number of hex digits')
  .transform((value) => value as Hex)

/** What a payment must be, or was made for. */
export type PaymentRequirements = {
  scheme: string
  network: string
  /** The most that the call can cost. */
  amount: string
  asset: Address
  payTo: Address
  maxTimeoutSeconds: number
  extra: Record<string, unknown>
}

export type PaymentRequired = {
  x402Version: 2
  error?: string
  resource: { url: string; description?: string; mimeType?: string }
  accepts: PaymentRequirements[]
  extensions?: Record<string, unknown>
}

/** What came of a payment. `transaction` is empty where nothing was sent to the chain. */
export type PaymentResponse = {
  success: boolean
  errorReason?: string
  errorMessage?: string
  payer?: Address
  transaction: Hex | ''
  network: string
  /** What moved on the chain. */
  amount?: string
  extra?: { chargedAmount?: string; channelState?: ChannelSnapshot; voucherState?: VoucherSnapshot }
}

export type ChannelSnapshot = {
  channelId: Hex
  balance: string
  totalClaimed: string
  withdrawRequestedAt: number
  refundNonce: string
  chargedCumulativeAmount?: string
}

export type VoucherSnapshot = { signedMaxClaimable: string; signature: Hex }

export const channelConfigSchema = z.strictObject({
  payer: addressSchema,
  payerAuthorizer: addressSchema,
  receiver: addressSchema,
  receiverAuthorizer: addressSchema,
  token: addressSchema,
  withdrawDelay: z.number().int().min(withdrawDelayMin).max(withdrawDelayMax),
  salt: hexOf(32),
})

const voucherSchema = z.strictObject({
  channelId: hexOf(32),
  maxClaimableAmount: amountSchema,
  signature: signatureSchema,
})

const channelPart = { channelConfig: channelConfigSchema, voucher: voucherSchema }

const depositAuthorizationSchema = z.strictObject({
  erc3009Authorization: z.strictObject({
    validAfter: uintSchema,
    validBefore: uintSchema,
    salt: hexOf(32),
    signature: signatureSchema,
  }),
})

export const batchPayloadSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('voucher'), ...channelPart }),
  z.strictObject({
    type: z.literal('deposit'),
    ...channelPart,
    deposit: z.strictObject({ amount: amountSchema, authorization: depositAuthorizationSchema }),
  }),
  z.strictObject({ type: z.literal('refund'), ...channelPart, amount: amountSchema.optional() }),
])
export type BatchPayload = z.output<typeof batchPayloadSchema>
export type DepositPayload = Extract<BatchPayload, { type: 'deposit' }>

export const exactPayloadSchema = z.strictObject({
  signature: signatureSchema,
  authorization: z.strictObject({
    from: addressSchema,
    to: addressSchema,
    value: amountSchema,
    validAfter: uintSchema,
    validBefore: uintSchema,
    nonce: hexOf(32),
  }),
})
export type ExactPayload = z.output<typeof exactPayloadSchema>

/** Clients echo what they were offered, extensions included, so unknown fields are let pass here. */
const requirementsSchema = z.object({
  scheme: z.string().min(1).max(64),
  network: chainNameSchema,
  amount: amountSchema,
  asset: addressSchema,
  payTo: addressSchema,
})

export const paymentPayloadSchema = z.object({
  x402Version: z.literal(2),
  accepted: requirementsSchema,
  payload: z.record(z.string(), z.unknown()),
})
export type PaymentPayload = z.output<typeof paymentPayloadSchema>

/** A document as it stands in a header: JSON in UTF-8 in base64. */
export function encodeHeader(value: PaymentRequired | PaymentResponse | object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** The document in a header, unchecked; undefined where there is none. */
export function decodeHeader(header: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(header), (character) => character.charCodeAt(0))
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
