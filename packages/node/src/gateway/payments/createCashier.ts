import { Readable } from 'node:stream'
import { paymentSignatureHeader, priceOfCall, x402Errors } from '@agorai/core'
import type { Call, CallAnswer, Caller, Cashier, ServedService } from '../calls/cashier.js'
import { createResponse } from '../http/createResponse.js'
import type { CallRequest } from '../http/lightRequest.js'
import { hasSessionToken } from '../sessions/authenticate.js'
import type { Refused } from './channelDesk.js'
import type { Payments } from './openPayments.js'
import type { Quoted } from './quotes.js'
import { type CarriedPayment, createPaymentReader, readPayment } from './readPayment.js'

export type CreateCashierOptions = {
  payments: Pick<Payments, 'quotes' | 'exact' | 'channels'>
  /** Calls by the token of a session. */
  sessions: Pick<Cashier, 'sell'> | undefined
}

/** A cashier that tells what a service costs, too, and gives back what was not used. */
export type PayDesk = Cashier & {
  /** Answers a request that asks for nothing but the ways to pay, or for the money that was not used. */
  offer(request: CallRequest, service: ServedService): Promise<Response>
}

const noMatch: Refused = { kind: 'refused', error: x402Errors.noMatch }

/** Takes every kind of payment; which one a request carries its headers tell. */
export function createCashier({ payments, sessions }: CreateCashierOptions): PayDesk {
  const { quotes, exact, channels } = payments
  const read = createPaymentReader()

  // What can be known at once is not waited for here: each wait costs a call more than what is waited for.
  async function pay(
    header: string,
    quoted: Quoted,
    call: Call,
    workFor: (payer: string) => Promise<CallAnswer>,
  ): Promise<Response | Refused> {
    const ways = quotes.accepts(quoted)
    const payment = read(header, ways instanceof Promise ? await ways : ways)
    if (payment.scheme === 'none') return { kind: 'refused', error: payment.error }
    const work = () => workFor(payerOf(payment).toLowerCase())
    if (payment.scheme === 'exact') return exact.sell(call, payment, work)
    const { payload, requirements } = payment
    if (channels === undefined) return noMatch
    if (payload.type === 'refund') return channels.refunds.refund(payload, requirements)
    if (!channels.mandates.rule(payload)) return channels.vouchers.sell(call, payment, work)
    const admitted = await channels.mandates.admit(call.request.headers, payload, call.service.asset)
    try {
      return await channels.vouchers.sell(call, payment, work)
    } finally {
      admitted.release()
    }
  }

  async function sellByPayment(call: Call, work: (caller: Caller) => Promise<CallAnswer>): Promise<Response> {
    const { request, service, usageMax } = call
    const amount = priceOfCall(service.serving.prices, usageMax)
    if (amount === 0n) return toFreeResponse(await work(request))
    const quoted = quotedOf(request, service, amount)
    const header = request.headers.get(paymentSignatureHeader)
    if (header === null) return quotes.paymentRequired(quoted, { error: x402Errors.required })
    const workFor = (payer: string) => work(new PayingCaller(request, payer))
    const paid = await pay(header, quoted, call, workFor)
    return paid instanceof Response ? paid : quotes.paymentRequired(quoted, paid)
  }

  return {
    async sell(call, work) {
      if (sessions !== undefined && hasSessionToken(call.request)) return sessions.sell(call, work)
      return sellByPayment(call, work)
    },
    async offer(request, service) {
      const { limits, prices } = service.serving
      const most = {
        call: 1,
        input_token: limits.inputTokens,
        output_token: limits.outputTokens,
        row: limits.rows,
        millisecond: limits.milliseconds,
      }
      const quoted = quotedOf(request, service, priceOfCall(prices, most))
      const header = request.headers.get(paymentSignatureHeader)
      if (header === null) return quotes.paymentRequired(quoted, { error: x402Errors.required })
      const payment = readPayment(header, await quotes.accepts(quoted))
      const refunded = await refundOnly(payment)
      return refunded instanceof Response ? refunded : quotes.paymentRequired(quoted, refunded)
    },
  }

  async function refundOnly(payment: ReturnType<typeof readPayment>): Promise<Response | Refused> {
    if (payment.scheme !== 'batch-settlement' || payment.payload.type !== 'refund') return noMatch
    return channels === undefined ? noMatch : channels.refunds.refund(payment.payload, payment.requirements)
  }
}

/**
 * Who pays and waits for it. A class: what an object closes over that is written with a getter of its own, here the whole
 * request, stays in memory until the next full garbage collection, and each small one moves it.
 */
class PayingCaller implements Caller {
  readonly payer: string
  readonly #request: CallRequest

  constructor(request: CallRequest, payer: string) {
    this.#request = request
    this.payer = payer
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }
}

const payerOf = (payment: Exclude<CarriedPayment, { scheme: 'none' }>): string =>
  payment.scheme === 'exact' ? payment.payload.authorization.from : payment.payload.channelConfig.payer

function quotedOf({ url }: CallRequest, service: ServedService, amount: bigint): Quoted {
  const { name, till, serving } = service
  return { amount, token: serving.token, payTo: till, url, description: name }
}

function toFreeResponse(answer: CallAnswer): Response {
  if (answer.kind === 'whole') {
    const { status, headers, body } = answer
    return createResponse(body, { status, headers })
  }
  // Nobody waits for what it used.
  answer.usage.catch(() => {})
  return new Response(Readable.toWeb(Readable.from(answer.chunks)) as ReadableStream<Uint8Array>, {
    headers: answer.headers,
  })
}
