import { hash } from 'node:crypto'
import {
  type ChannelCharged,
  formatUsage,
  type PaymentRequirements,
  type PaymentResponse,
  paymentResponseHeader,
  priceOfCall,
  receiptHeaderOf,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { Call, CallAnswer } from '../calls/cashier.js'
import { createResponse } from '../http/createResponse.js'
import { withHeader } from '../http/withHeader.js'
import type { Memory } from '../memory.js'
import type { ChannelDesk, Refused, TakenChannel } from './channelDesk.js'
import { channelSnapshot } from './channelSnapshot.js'
import { createLastAnswers } from './lastAnswers.js'
import type { CarriedPayment } from './readPayment.js'
import { createRecordedAnswers } from './recordedAnswers.js'
import { requestHash } from './requestHash.js'
import { responseHeader } from './responseHeader.js'
import { type WholeAnswer, wholeAnswer } from './wholeAnswer.js'

type BatchPayment = Extract<CarriedPayment, { scheme: 'batch-settlement' }>

/** Calls that are paid by a voucher each. */
export type VoucherWire = {
  sell(call: Call, payment: BatchPayment, work: () => Promise<CallAnswer>): Promise<Response | Refused>
}

/** @param memory Where answers under idempotency keys outlive this process. */
export function createVoucherWire(desk: ChannelDesk, memory: Pick<Memory, 'answers' | 'record'>): VoucherWire {
  const last = createLastAnswers()
  const keyed = createRecordedAnswers(memory)
  return {
    async sell(call, { payload, requirements }, work) {
      const asked = requestHash(call.request, call.body)
      const { channelId: channel, signature } = payload.voucher
      const known = last.find(channel, signature)
      if (known?.requestHash === asked) return toResponse(known.answer, known.payment)
      const taken = await desk.take(payload, requirements)
      if (taken.kind === 'refused') return taken
      try {
        const key = call.request.headers.get('idempotency-key')
        const before = key === null ? undefined : keyed.find(channel, key, asked)
        const made = before ?? wholeAnswer(await work())
        const answer = made instanceof Promise ? await made : made
        // What was not answered as it should be is not paid for.
        if (answer.status >= 400) return toResponse(answer, undefined)
        // What was paid for before has used nothing now; a deposit that came along is taken all the same.
        const toPay = before === undefined ? answer : { ...answer, usage: {} }
        const charged = await charge(call, taken, { requirements, asked, answer: toPay })
        if ('kind' in charged) return charged
        const payment = responseHeader(charged.response)
        const given = charged.receipt === undefined ? answer : withReceipt(answer, charged.receipt)
        if (before === undefined) {
          // A voucher that paid for nothing new is good for the next call, so it names no answer.
          last.keep(channel, { signature, requestHash: asked, answer: given, payment })
          if (key !== null) keyed.keep(channel, key, { requestHash: asked, answer: given })
        }
        return toResponse(given, payment)
      } finally {
        taken.release()
      }
    },
  }
}

/** `receipt` is there where anything was charged: it names the record of it. */
type Charged = { response: PaymentResponse; receipt: string | undefined }
type Charging = { requirements: PaymentRequirements; asked: Hex; answer: WholeAnswer }

async function charge(
  call: Call,
  taken: TakenChannel,
  { requirements, asked, answer }: Charging,
): Promise<Charged | Refused> {
  const used = priceOfCall(call.service.serving.prices, answer.usage)
  // More than was asked for can never be charged, whatever was used.
  const amount = used < BigInt(requirements.amount) ? used : BigInt(requirements.amount)
  const funding = taken.fund()
  const funded = funding instanceof Promise ? await funding : funding
  if (funded.kind === 'refused') return funded
  const to = taken.from + amount
  let receipt: string | undefined
  if (amount > 0n) {
    const record: ChannelCharged = {
      kind: 'channel-charged',
      from: String(taken.from),
      to: String(to),
      signedMax: String(taken.signedMax),
      signature: taken.signature,
      version: String(call.service.version),
      requestHash: asked,
      // Last, as all that is spread on every call: see `withHeader`.
      ...taken.step,
    }
    const refused = await taken.commit(record)
    if (refused !== undefined) return refused
    receipt = receiptHeaderOf({
      subject: taken.channel,
      counter: taken.step.sequence,
      amount,
      usage: formatUsage(answer.usage),
      requestHash: sha256(call.body),
      responseHash: sha256(answer.body),
    })
  }
  const added = funded.amount === '' ? 0n : BigInt(funded.amount)
  const funds = added === 0n ? taken.funds : { ...taken.funds, balance: taken.funds.balance + added }
  const response: PaymentResponse = {
    success: true,
    payer: taken.payer,
    transaction: funded.transaction,
    network: requirements.network,
    amount: funded.amount,
    extra: { chargedAmount: String(amount), channelState: channelSnapshot(taken.channel, funds, to) },
  }
  return { response, receipt }
}

const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'base64url')

const withReceipt = ({ kind, status, headers, body, usage }: WholeAnswer, receipt: string): WholeAnswer => ({
  kind,
  status,
  headers: withHeader(headers, 'agorai-receipt', receipt),
  body,
  usage,
})

function toResponse({ status, headers, body }: WholeAnswer, payment: string | undefined): Response {
  const paid = payment === undefined ? headers : withHeader(headers, paymentResponseHeader, payment)
  return createResponse(body, { status, headers: paid })
}
