import type { Address, Hex } from 'viem'
import { type MeteringUnit, meteringUnits } from '../assets/serving.js'

/** The operator's signed statement of one call. `session` or `channel` is zero where there is none. */
export type UsageReceipt = {
  session: Hex
  channel: Hex
  /** Number of the call in its session; of a call that was paid by itself, the channel's sequence. */
  counter: bigint
  version: bigint
  payer: Address
  /** Base units of the payment token. */
  amount: bigint
  /** As `formatUsage` writes it. */
  usage: string
  /** sha-256 of the bodies. */
  requestHash: Hex
  responseHash: Hex
  answeredAt: bigint
}

/** The payer's word that a session's calls came to `total` so far. */
export type SessionAcknowledgement = { session: Hex; payer: Address; total: bigint; at: bigint }

/** A holder asks for a session by a pass, or, with offer 0, by the free calls of a day. */
export type SessionRequest = {
  asset: bigint
  holder: Address
  offer: bigint
  operator: Address
  nonce: Hex
  expiry: bigint
}

/** A session's id, 16 bytes in base64url, as the 32 bytes that are signed. */
export function sessionBytes32(session: string): Hex {
  const binary = atob(session.replaceAll('-', '+').replaceAll('_', '/'))
  const hex = Array.from(binary, (character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return `0x${hex.padEnd(64, '0')}`
}

/** One spelling of what a call used: `call=1,output_token=20`, in the order of the units, without what is 0. */
export function formatUsage(usage: Partial<Record<MeteringUnit, number>>): string {
  let text = ''
  for (const unit of meteringUnits) {
    const units = usage[unit]
    if (units) text += `${text === '' ? '' : ','}${unit}=${units}`
  }
  return text
}

export type ReceiptHeaderParameters = {
  /** The session's id, or the channel's. */
  subject: string
  counter: number
  amount: bigint
  usage: string
  /** sha-256 of the bodies in base64url. */
  requestHash: string
  responseHash: string
}

/**
 * The compact receipt that each answer carries as `agorai-receipt`. It is not signed: of a call in a session the signed form
 * is given for it by `GET /api/v1/sessions/{id}/receipts/{counter}`.
 */
export const receiptHeaderOf = (receipt: ReceiptHeaderParameters): string =>
  `${receipt.subject};n=${receipt.counter};a=${receipt.amount};u=${receipt.usage};q=${receipt.requestHash};r=${receipt.responseHash}`

const headerPattern =
  /^([A-Za-z0-9_-]{22}|0x[0-9a-f]{64});n=(\d{1,16});a=(\d{1,39});u=([a-z0-9_=,]{0,200});q=([A-Za-z0-9_-]{43});r=([A-Za-z0-9_-]{43})$/

/** Undefined for what is no such header; that of a stream names its call only, as its price is not known yet. */
export function parseReceiptHeader(header: string): ReceiptHeaderParameters | undefined {
  const [, subject, counter, amount, usage, requestHash, responseHash] = headerPattern.exec(header) ?? []
  if (subject === undefined || amount === undefined || usage === undefined) return undefined
  if (requestHash === undefined || responseHash === undefined) return undefined
  return { subject, counter: Number(counter), amount: BigInt(amount), usage, requestHash, responseHash }
}
