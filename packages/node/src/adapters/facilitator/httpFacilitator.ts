import { AgoraiError, type PaymentRequirements, type PaymentResponse } from '@agorai/core'
import { z } from 'zod'
import type { Facilitator, Settlement } from '../../ports/facilitator.js'

export type CreateHttpFacilitatorOptions = { url: string; verifyTimeoutMs?: number; settleTimeoutMs: number }

const verifySchema = z.object({ isValid: z.boolean(), invalidReason: z.string().max(500).optional() })
const settleSchema = z.object({
  success: z.boolean(),
  errorReason: z.string().max(500).optional(),
  transaction: z.union([z.literal(''), z.string().regex(/^0x[0-9a-fA-F]{64}$/)]),
})
const bodyBytesMax = 256 * 1024
const verifyTimeoutMsDefault = 10_000

/** Brings payments to the chain by an x402 facilitator that somebody runs (specs/x402-specification-v2.md, section 7). */
export function createHttpFacilitator(options: CreateHttpFacilitatorOptions): Facilitator {
  const { url, verifyTimeoutMs = verifyTimeoutMsDefault, settleTimeoutMs } = options
  const base = url.replace(/\/$/, '')

  async function ask(path: 'verify' | 'settle', body: object, timeoutMs: number): Promise<unknown> {
    const response = await fetch(`${base}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    })
    // A refusal is an answer as well, with a status of its own at some facilitators.
    return JSON.parse(await readText(response))
  }

  return {
    isOwn: false,
    async verify(settlement, requirements) {
      const answer = await ask('verify', documentOf(settlement, requirements), verifyTimeoutMs)
        .then((value) => verifySchema.parse(value))
        .catch((cause: unknown) => {
          throw new AgoraiError('chain_unavailable', 'The facilitator does not answer; nothing was accepted.', {
            cause,
          })
        })
      return answer.isValid ? undefined : (answer.invalidReason ?? 'invalid_payload')
    },
    async settle(settlement, requirements) {
      const answer = await ask('settle', documentOf(settlement, requirements), settleTimeoutMs)
        .then((value) => settleSchema.parse(value))
        .catch((cause: unknown) => {
          // It may have been sent, and the answer lost.
          throw new AgoraiError('settlement_pending', 'The facilitator has not said what became of it.', { cause })
        })
      return toResponse(answer, settlement, requirements)
    },
  }
}

async function readText({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body ?? []) {
    parts.push(part)
    bytes += part.length
    if (bytes > bodyBytesMax) throw new AgoraiError('payload_too_large', 'The answer of the facilitator is too long.')
  }
  return Buffer.concat(parts).toString('utf8')
}

function documentOf(payload: Settlement, requirements: PaymentRequirements): object {
  const paymentPayload = { x402Version: 2, accepted: requirements, payload }
  return { x402Version: 2, paymentPayload, paymentRequirements: requirements }
}

function toResponse(
  { success, errorReason, transaction }: z.infer<typeof settleSchema>,
  settlement: Settlement,
  { network }: PaymentRequirements,
): PaymentResponse {
  const payer = settlement.type === undefined ? settlement.authorization.from : settlement.channelConfig.payer
  const reason = errorReason === undefined ? {} : { errorReason }
  return { success, ...reason, payer, transaction: transaction as PaymentResponse['transaction'], network }
}
