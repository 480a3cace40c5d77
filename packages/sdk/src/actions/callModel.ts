import { isAgoraiError, type MeteredUnits, type ServingApi } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { callBody } from '../payments/callPaths.js'
import { type CallReceipt, isRefusal, readCallReceipt, receiptHeader, replayedHeader } from '../payments/callReceipt.js'
import type { Payer } from '../payments/payer.js'
import type { Wire } from '../payments/requirements.js'
import { parseAnswer, priceMax, readAnswer, sendAlone, sendInSession, targetOf } from '../payments/sendCall.js'
import type { Session } from '../payments/session.js'

export type CallModelParameters = {
  /** Id of the service. */
  service: bigint
  api: ServingApi
  /** As the API takes it; the model's name is filled in. */
  body: Record<string, unknown>
  /** Pays from this session. Default: the call is paid by itself. */
  session?: Session | undefined
  /** Who pays a call without session. Keep one for all calls of an account. */
  payer?: Payer | undefined
  /** How a call without session is paid. Default: by a voucher where they are taken, else `exact`. */
  wire?: Wire | undefined
  /** The most that it may cost, in base units. Default: what the service says it costs at most. */
  amountMax?: bigint | undefined
  /** Idempotency key: the same call under the same key is answered and charged once. Default: a fresh one. */
  key?: string | undefined
  /** From the question to the first byte of the answer. Default 120,000. */
  timeoutMs?: number | undefined
}

/** How a call was paid; `free` where nothing was asked for, and by the free calls of a day. */
export type PaidBy = 'session' | Wire | 'pass' | 'free'

export type CallModelReturnType<result = unknown> = {
  /** The answer's document. */
  result: result
  /** What was used, where the operator says so. */
  usage: MeteredUnits | undefined
  /** Base units charged, never above `amountMax`. */
  amount: bigint
  amountMax: bigint
  paidBy: PaidBy
  receipt: CallReceipt | undefined
  /** Of a payment that was sent to the chain. */
  transaction: string | undefined
}

/**
 * Calls a service and pays for it. The most that it may cost is known before; what is charged never exceeds it, and the
 * receipt is compared with what was sent and what came. An answer that was lost is asked for again and not paid twice.
 *
 * @throws AgoraiError `price_above_max`, `policy_refused`, `overcharged`, `session_exhausted`, `model_not_found`, and what
 * `payRequest` throws
 * @example const { result } = await callModel(client, { service: 7n, api: 'chat', body: { messages }, session })
 */
export async function callModel<result = unknown>(
  client: AgoraiClient,
  parameters: CallModelParameters,
): Promise<CallModelReturnType<result>> {
  const { service, api, session } = parameters
  const amountMax = await priceMax(client, parameters)
  const body = callBody(api, service, parameters.body)
  if (session !== undefined) return callInSession<result>(client, parameters, { session, body, amountMax })
  const { response, amount, wire, transaction } = await sendAlone(client, parameters, { body, amountMax })
  const answer = await readAnswer(response)
  const receipt = await readCallReceipt(response.headers.get(receiptHeader), { body, answer, amountMax })
  const result = parseAnswer(answer) as result
  return { result, usage: receipt?.usage, amount, amountMax, paidBy: wire, receipt, transaction }
}

async function callInSession<result>(
  client: AgoraiClient,
  parameters: CallModelParameters,
  { session, body, amountMax }: { session: Session; body: Uint8Array<ArrayBuffer>; amountMax: bigint },
): Promise<CallModelReturnType<result>> {
  const held = await session.hold({ method: 'POST', target: targetOf(client, parameters), body, amountMax })
  // Undefined stands for what nobody knows: it counts as the maximum.
  let charged: bigint | undefined
  let sure = true
  try {
    const response = await sendInSession(client, parameters, { body, held })
    const answer = await readAnswer(response)
    const receipt = await readCallReceipt(response.headers.get(receiptHeader), { body, answer, amountMax })
    charged = receipt?.amount
    // Under a key of the caller's own it may have been counted before.
    sure = parameters.key === undefined || !response.headers.has(replayedHeader)
    const amount = receipt?.amount ?? 0n
    const paid = {
      usage: receipt?.usage,
      amount,
      amountMax,
      paidBy: paidByOf(session),
      receipt,
      transaction: undefined,
    }
    return { result: parseAnswer(answer) as result, ...paid }
  } catch (error) {
    if (isRefusal(error)) charged = 0n
    if (isAgoraiError(error, 'overcharged')) session.stop(error)
    throw error
  } finally {
    held.settle(charged, sure)
  }
}

/** What pays for the calls of a session. */
export function paidByOf(session: Session): PaidBy {
  const { offer } = session.kept()
  return offer === undefined ? 'session' : offer === 0n ? 'free' : 'pass'
}
