import { isAgoraiError, type MeteredUnits } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { CallModelParameters } from '../payments/callParameters.js'
import { callBody } from '../payments/callPaths.js'
import { type CallReceipt, isRefusal, readCallReceipt, receiptHeader, replayedHeader } from '../payments/callReceipt.js'
import type { Wire } from '../payments/requirements.js'
import { parseAnswer, priceMax, readAnswer, sendAlone, sendInSession, targetOf } from '../payments/sendCall.js'
import type { Session } from '../payments/session.js'

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
