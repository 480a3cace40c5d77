import { AgoraiError, type PaymentResponse, paymentResponseHeader, x402Errors } from '@agorai/core'
import { type Hex, isAddressEqual, type PublicClient } from 'viem'
import type { Facilitator } from '../../ports/facilitator.js'
import type { CallAnswered } from '../../ports/paymentRecords.js'
import type { Call, CallAnswer } from '../calls/cashier.js'
import type { Memory } from '../memory.js'
import type { Refused } from './channelDesk.js'
import { findTransfer } from './findTransfer.js'
import { createPromisedFunds } from './promisedFunds.js'
import type { CarriedPayment } from './readPayment.js'
import { requestHash } from './requestHash.js'
import { responseHeader } from './responseHeader.js'
import { type WholeAnswer, wholeAnswer } from './wholeAnswer.js'

type ExactPayment = Extract<CarriedPayment, { scheme: 'exact' }>

type Work = () => Promise<CallAnswer>

/** Calls that are paid by a transfer each, straight into the till of what is sold. */
export type ExactWire = {
  sell(call: Call, payment: ExactPayment, work: () => Promise<CallAnswer>): Promise<Response | Refused>
}

export type CreateExactWireOptions = {
  memory: Pick<Memory, 'answers' | 'record' | 'catchUp'>
  facilitator: Facilitator
  publicClient: PublicClient
}

/** Larger answers are given, but cannot be given again. */
const keptBytesMax = 256 * 1024
/** What the chain still needs to take a payment in time. */
const safetySeconds = 6n
const now = () => Math.floor(Date.now() / 1_000)

/**
 * The answer is written down before the payment is sent, and given once it is paid: so an answer that was lost, or whose
 * payment took too long, is given for the same payment again, and nothing is paid twice.
 */
export function createExactWire({ memory, facilitator, publicClient }: CreateExactWireOptions): ExactWire {
  const underWay = new Set<string>()
  const paid = new Map<string, PaymentResponse>()
  const promised = createPromisedFunds(publicClient)

  async function deliver(payment: ExactPayment, known: CallAnswered): Promise<Response | Refused> {
    const { payload, requirements } = payment
    const name = nameOf(payment)
    const response = paid.get(name) ?? (await settle(payment))
    if (!response.success) return { kind: 'refused', error: response.errorReason ?? x402Errors.exactFailed, response }
    if (paid.size >= 100_000) paid.clear()
    paid.set(name, response)
    const header = responseHeader({ ...response, payer: payload.authorization.from, network: requirements.network })
    return new Response(Buffer.from(known.body, 'base64'), {
      status: known.status,
      headers: { ...known.headers, [paymentResponseHeader]: header },
    })
  }

  async function settle(payment: ExactPayment): Promise<PaymentResponse> {
    const { payload, requirements } = payment
    // What was sent before may have been mined since.
    const found = () => findTransfer(publicClient, payload.authorization, requirements.asset)
    const success = (transaction: Hex): PaymentResponse => ({
      success: true,
      transaction,
      network: requirements.network,
    })
    if (!fresh.has(payload)) {
      const before = await found()
      if (before !== undefined) return success(before)
    }
    fresh.delete(payload)
    const response = await facilitator.settle(payload, requirements)
    if (response.success && facilitator.isOwn) return response
    const transaction = await found()
    if (transaction !== undefined) return success(transaction)
    if (!response.success) return response
    throw new AgoraiError('settlement_pending', 'The facilitator has sent the transfer; the chain has not got it.')
  }

  /** Payments that were verified a moment ago, so that nobody has sent them. */
  const fresh = new WeakSet<ExactPayment['payload']>()

  async function sell(call: Call, payment: ExactPayment, work: Work) {
    const { payload, requirements } = payment
    const { from, nonce } = payload.authorization
    const scope = `exact/${requirements.asset.toLowerCase()}/${from.toLowerCase()}`
    const hash = requestHash(call.request, call.body)
    await memory.catchUp()
    const known = memory.answers.get(scope, nonce)
    if (known !== undefined) return deliver(payment, assertSame(known, hash))
    const mismatch = mismatchOf(payment)
    const reason = mismatch ?? (await facilitator.verify(payload, requirements))
    if (reason !== undefined) return { kind: 'refused', error: reason } as const
    const promise = await promised.hold(requirements.asset, from, BigInt(requirements.amount))
    if (promise === undefined) return { kind: 'refused', error: x402Errors.exactInsufficient } as const
    try {
      return await run(payment, { scope, hash }, work)
    } finally {
      promise.release()
    }
  }

  async function run(payment: ExactPayment, { scope, hash }: { scope: string; hash: Hex }, work: Work) {
    const { payload } = payment
    fresh.add(payload)
    const answer = await wholeAnswer(await work())
    // What was not answered as it should be is not paid for.
    if (answer.status >= 400) return toResponse(answer)
    const kept = answer.body.length <= keptBytesMax
    const record: CallAnswered = {
      kind: 'call-answered',
      scope,
      key: payload.authorization.nonce,
      requestHash: hash,
      status: kept ? answer.status : 409,
      headers: kept ? answer.headers : { 'content-type': 'text/plain' },
      body: kept ? Buffer.from(answer.body).toString('base64') : '',
      at: now(),
    }
    const standing = await memory.record(record)
    assertSame(standing, hash)
    const delivered = await deliver(payment, standing)
    if (kept || !(delivered instanceof Response)) return delivered
    return new Response(answer.body as Uint8Array<ArrayBuffer>, {
      headers: { ...answer.headers, [paymentResponseHeader]: delivered.headers.get(paymentResponseHeader) ?? '' },
    })
  }

  return {
    async sell(call, payment, work) {
      const name = nameOf(payment)
      if (underWay.has(name)) throw new AgoraiError('call_in_flight', 'A request with this payment is under way.')
      underWay.add(name)
      try {
        return await sell(call, payment, work)
      } finally {
        underWay.delete(name)
      }
    },
  }
}

const nameOf = ({ payload, requirements }: ExactPayment): string =>
  `${requirements.asset.toLowerCase()}/${payload.authorization.from.toLowerCase()}/${payload.authorization.nonce}`

function assertSame(known: CallAnswered, hash: Hex): CallAnswered {
  if (known.requestHash === hash) return known
  throw new AgoraiError('payment_reused', 'This authorization paid for another request.', {
    field: 'PAYMENT-SIGNATURE',
  })
}

function mismatchOf({ payload, requirements }: ExactPayment): string | undefined {
  const { to, value, validAfter, validBefore } = payload.authorization
  if (!isAddressEqual(to, requirements.payTo)) return x402Errors.exactRecipient
  if (value !== requirements.amount) return x402Errors.exactAmount
  if (BigInt(validAfter) > BigInt(now())) return x402Errors.exactTooEarly
  return BigInt(validBefore) < BigInt(now()) + safetySeconds ? x402Errors.exactTooLate : undefined
}

const toResponse = ({ status, headers, body }: WholeAnswer): Response =>
  new Response(body as Uint8Array<ArrayBuffer>, { status, headers })
