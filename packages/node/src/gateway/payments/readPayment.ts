import {
  type BatchPayload,
  batchPayloadSchema,
  type ExactPayload,
  exactPayloadSchema,
  type PaymentRequirements,
  parseStrictJson,
  paymentPayloadSchema,
  x402Errors,
} from '@agorai/core'
import type { Hex } from 'viem'
import { isAddress } from 'viem'

/** A payment that a request carries, of the right form and for what was asked of it; nothing of it was verified. */
export type CarriedPayment =
  | { scheme: 'batch-settlement'; payload: BatchPayload; requirements: PaymentRequirements }
  | { scheme: 'exact'; payload: ExactPayload; requirements: PaymentRequirements }
  | { scheme: 'none'; error: string }

const none = (error: string): CarriedPayment => ({ scheme: 'none', error })

const voucherStart = '"voucher":{"channelId":"'
/** What differs between two payments of a channel, as clients write it. */
const voucherPattern =
  /"voucher":\{"channelId":"(0x[0-9a-f]{64})","maxClaimableAmount":"(0|[1-9][0-9]{0,37})","signature":"(0x[0-9a-f]{130})"\}/y
const signatureCharacters = 132
const signatureEnd = '"}'
const templatesMax = 4_096

type VoucherPayment = Extract<CarriedPayment, { scheme: 'batch-settlement' }>
/** A payment as it was read, with the text around its voucher. */
type Template = { before: string; after: string; ways: readonly PaymentRequirements[]; payment: VoucherPayment }

/**
 * Reads payments as `readPayment` does. Of a channel that was paid with before only the voucher is read: where all around it
 * is the same text, for the same ways to pay, it means the same.
 */
export function createPaymentReader(): typeof readPayment {
  const templates = new Map<string, Template>()

  function learn(text: string, at: number, match: RegExpExecArray, template: Omit<Template, 'before' | 'after'>): void {
    const { payload } = template.payment
    const [whole, channel = '', amount, signature] = match
    const { channelId, maxClaimableAmount, signature: signed } = payload.voucher
    const isTheOne =
      payload.type === 'voucher' &&
      channelId === channel &&
      maxClaimableAmount === amount &&
      signed === signature &&
      // One voucher only, and nothing that is spelled in another way.
      !text.includes(voucherStart, at + 1) &&
      !text.includes('\\')
    if (!isTheOne) return
    if (templates.size >= templatesMax) templates.clear()
    templates.set(channel, { ...template, before: text.slice(0, at), after: text.slice(at + whole.length) })
  }

  return (header, accepts) => {
    const bytes = Buffer.from(header, 'base64')
    const text = bytes.toString('latin1')
    const at = text.indexOf(voucherStart)
    voucherPattern.lastIndex = at
    const match = at < 0 ? null : voucherPattern.exec(text)
    if (match === null) return readPayment(header, accepts)
    const [whole, channel = '', maxClaimableAmount = ''] = match
    const known = templates.get(channel)
    const isKnown =
      known !== undefined &&
      known.ways === accepts &&
      known.before === text.slice(0, at) &&
      known.after === text.slice(at + whole.length)
    if (!isKnown) {
      const payment = readPayment(header, accepts)
      if (payment.scheme === 'batch-settlement') learn(text, at, match, { ways: accepts, payment })
      return payment
    }
    const { payload, requirements } = known.payment
    // A part of a string keeps all of it. This one lasts as long as the channel, so it is read by itself.
    const end = at + whole.length - signatureEnd.length
    const signature = bytes.toString('latin1', end - signatureCharacters, end) as Hex
    const voucher = { channelId: payload.voucher.channelId, maxClaimableAmount, signature }
    return {
      scheme: 'batch-settlement',
      payload: { type: 'voucher', channelConfig: payload.channelConfig, voucher },
      requirements,
    }
  }
}

/** @param accepts What the client could choose from now. */
export function readPayment(header: string, accepts: readonly PaymentRequirements[]): CarriedPayment {
  const document = parse(header)
  const fast = readVoucher(document, accepts)
  if (fast !== undefined) return fast
  const payment = paymentPayloadSchema.safeParse(document)
  if (!payment.success) return none(x402Errors.invalidPayload)
  const { accepted, payload } = payment.data
  const requirements = accepts.find((each) => isFor(accepted, each))
  const isRefund = payload.type === 'refund'
  // A refund pays for nothing, so it fits whatever is asked.
  const chosen = requirements ?? accepts.find((each) => isRefund && isFor({ ...accepted, amount: each.amount }, each))
  if (chosen === undefined) return none(x402Errors.noMatch)
  if (chosen.scheme === 'exact') {
    const exact = exactPayloadSchema.safeParse(payload)
    return exact.success
      ? { scheme: 'exact', payload: exact.data, requirements: chosen }
      : none(x402Errors.invalidPayload)
  }
  const batch = batchPayloadSchema.safeParse(payload)
  if (!batch.success) return none(x402Errors.invalidPayload)
  return { scheme: 'batch-settlement', payload: batch.data, requirements: chosen }
}

/** What could be read in two ways, by a key that stands in it twice, is no payment. */
function parse(header: string): unknown {
  try {
    return parseStrictJson(Buffer.from(header, 'base64'))
  } catch {
    return undefined
  }
}

const isSameText = (left: unknown, right: string): boolean =>
  left === right || (typeof left === 'string' && left.toLowerCase() === right.toLowerCase())

type Accepted = { scheme?: unknown; network?: unknown; amount?: unknown; asset?: unknown; payTo?: unknown }

const isFor = (accepted: Accepted, each: PaymentRequirements): boolean =>
  accepted.scheme === each.scheme &&
  accepted.network === each.network &&
  accepted.amount === each.amount &&
  isSameText(accepted.asset, each.asset) &&
  isSameText(accepted.payTo, each.payTo)

type Json = Record<string, unknown>
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const channelPattern = /^0x[0-9a-f]{64}$/
const signaturePattern = /^0x[0-9a-f]{130}$/
/** Below 10^38 and so below 2^128; what is above goes the careful way. */
const amountPattern = /^(0|[1-9][0-9]{0,37})$/

const configKeys = 7

/** The form in which nearly all payments come, checked by hand. Undefined sends anything else, right or wrong, the careful way. */
function readVoucher(document: unknown, accepts: readonly PaymentRequirements[]): CarriedPayment | undefined {
  if (!isJson(document) || document.x402Version !== 2) return undefined
  const { accepted, payload } = document
  if (!isJson(accepted) || !isJson(payload) || payload.type !== 'voucher') return undefined
  const { channelConfig: config, voucher } = payload
  if (!isJson(config) || !isJson(voucher)) return undefined
  const requirements = accepts.find((each) => each.scheme === 'batch-settlement' && isFor(accepted, each))
  if (requirements === undefined) return undefined
  const { channelId, maxClaimableAmount, signature } = voucher
  const isSound =
    matches(channelId, channelPattern) &&
    matches(signature, signaturePattern) &&
    matches(maxClaimableAmount, amountPattern) &&
    matches(config.salt, channelPattern) &&
    isSoundAddress(config.payer) &&
    isSoundAddress(config.payerAuthorizer) &&
    isSoundAddress(config.receiver) &&
    isSoundAddress(config.receiverAuthorizer) &&
    isSoundAddress(config.token) &&
    Number.isInteger(config.withdrawDelay) &&
    // It is kept as long as the channel is.
    Object.keys(config).length === configKeys
  if (!isSound) return undefined
  return { scheme: 'batch-settlement', payload: payload as unknown as BatchPayload, requirements }
}

/** One spelling or the other, as the schemas take it: with a wrong checksum nothing can be encoded for the chain. */
const isSoundAddress = (value: unknown): boolean => typeof value === 'string' && isAddress(value)

const matches = (value: unknown, pattern: RegExp): boolean => typeof value === 'string' && pattern.test(value)
