import {
  channelDomain,
  decodeHeader,
  encodeHeader,
  loadChannelDigests,
  type PaymentRequired,
  type PaymentRequirements,
  type PaymentResponse,
  paymentRequiredHeader,
  paymentResponseHeader,
  paymentSignatureHeader,
} from '@agorai/core'
import secp256k1 from 'secp256k1'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import type { OpenChannel } from './channels.js'

/** A payer of vouchers that signs as fast as it can send, and believes nothing but what it counts itself. */

export type Voucher = { header: string; max: bigint }

/** What a gateway said; `lost` when it said nothing. */
export type Said =
  | { kind: 'answered'; charged: bigint; cumulative: bigint; text: string }
  | { kind: 'refused'; error: string; cumulative: bigint | undefined }
  | { kind: 'lost' }

export const digests = await loadChannelDigests(channelDomain(31_337).chainId)

/** @param key The payer's private key. */
export function createVoucherClient({ channel, config }: OpenChannel, requirements: PaymentRequirements, key: Hex) {
  const secret = hexToBytes(key)
  function sign(max: bigint): Hex {
    const { signature, recid } = secp256k1.ecdsaSign(digests.voucher(channel, max), secret)
    return bytesToHex(Uint8Array.of(...signature, 27 + recid))
  }
  return {
    channel,
    voucher(charged: bigint, amount = BigInt(requirements.amount)): Voucher {
      const max = charged + amount
      const voucher = { channelId: channel, maxClaimableAmount: `${max}`, signature: sign(max) }
      const accepted = { ...requirements, amount: `${amount}` }
      const payload = { type: 'voucher', channelConfig: config, voucher }
      return { header: encodeHeader({ x402Version: 2, accepted, payload }), max }
    },
  }
}

export type VoucherClient = ReturnType<typeof createVoucherClient>

/** How a service wants to be paid by channels, as its 402 says. */
export async function readRequirements(answer: Response): Promise<PaymentRequirements> {
  const header = answer.headers.get(paymentRequiredHeader)
  const text = await answer.text()
  if (answer.status !== 402 || header === null) throw new Error(`HTTP ${answer.status} asks for no payment: ${text}`)
  const { accepts } = decodeHeader(header) as PaymentRequired
  const found = accepts.find(({ scheme }) => scheme === 'batch-settlement')
  if (found === undefined) throw new Error('No channel is accepted.')
  return found
}

export async function payFor(url: string, body: string, { header }: Voucher): Promise<Said> {
  let answer: Response
  let text: string
  try {
    const headers = { 'content-type': 'application/json', [paymentSignatureHeader]: header }
    answer = await fetch(url, { method: 'POST', headers, body })
    text = await answer.text()
  } catch {
    return { kind: 'lost' }
  }
  const paid = answer.headers.get(paymentResponseHeader)
  if (answer.status === 200 && paid !== null) {
    const { extra } = decodeHeader(paid) as PaymentResponse
    const cumulative = BigInt(extra?.channelState?.chargedCumulativeAmount ?? -1)
    return { kind: 'answered', charged: BigInt(extra?.chargedAmount ?? 0), cumulative, text }
  }
  const required = answer.headers.get(paymentRequiredHeader)
  if (answer.status !== 402 || required === null)
    return { kind: 'refused', error: `HTTP ${answer.status}: ${text.slice(0, 300)}`, cumulative: undefined }
  const { error = '', accepts } = decodeHeader(required) as PaymentRequired
  const state = accepts.find(({ scheme }) => scheme === 'batch-settlement')?.extra.channelState
  const told = (state as { chargedCumulativeAmount?: string } | undefined)?.chargedCumulativeAmount
  return { kind: 'refused', error, cumulative: told === undefined ? undefined : BigInt(told) }
}

/** For the message of a failure. */
export const toText = (said: unknown): string =>
  JSON.stringify(said, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
