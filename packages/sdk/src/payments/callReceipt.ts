import { AgoraiError, type MeteredUnits, meteringUnits, parseReceiptHeader } from '@agorai/core'
import { bodyDigest } from './sessionTokens.js'

/** What an answer says of the call that it is for. */
export type CallReceipt = {
  /** The session, or the channel, and the call's number in it. */
  subject: string
  counter: number
  /** Base units. */
  amount: bigint
  usage: MeteredUnits
}

export const receiptHeader = 'agorai-receipt'
/** On an answer that was given before, by its idempotency key. */
export const replayedHeader = 'idempotent-replayed'

/**
 * Reads the receipt that came with a whole answer and compares it with what was sent, what came, and what was agreed.
 *
 * @returns Undefined where the answer has none.
 * @throws AgoraiError `signature_invalid` when it is for another call, `overcharged`
 */
export async function readCallReceipt(
  header: string | null,
  call: { body: Uint8Array<ArrayBuffer>; answer: Uint8Array<ArrayBuffer>; amountMax: bigint },
): Promise<CallReceipt | undefined> {
  if (header === null) return undefined
  const receipt = parseReceiptHeader(header)
  const isOfThis =
    receipt !== undefined &&
    receipt.requestHash === (await bodyDigest(call.body)) &&
    receipt.responseHash === (await bodyDigest(call.answer))
  if (!isOfThis)
    throw new AgoraiError('signature_invalid', 'The receipt is not for this call and this answer.', {
      field: receiptHeader,
    })
  if (receipt.amount > call.amountMax)
    throw new AgoraiError('overcharged', `The call was charged ${receipt.amount}, and ${call.amountMax} was the most.`)
  const { subject, counter, amount, usage } = receipt
  return { subject, counter, amount, usage: parseUsage(usage) }
}

/** `call=1,output_token=20` as units. */
export function parseUsage(text: string): MeteredUnits {
  const usage: MeteredUnits = {}
  for (const part of text.split(',')) {
    const [name, count] = part.split('=')
    const unit = meteringUnits.find((each) => each === name)
    if (unit !== undefined) usage[unit] = Number(count)
  }
  return usage
}

/** After these nobody knows what was charged: an answer was lost, is wrong, or is still being made. */
const unknownAfter: readonly string[] = [
  'node_unavailable',
  'overcharged',
  'signature_invalid',
  'payload_too_large',
  'answer_not_kept',
  'call_in_flight',
  'counter_used',
]

/** Whether the node refused the call, which it charges nothing for. */
export const isRefusal = (error: unknown): boolean => error instanceof AgoraiError && !unknownAfter.includes(error.code)
