import { AgoraiError, type MeteredUnits } from '@agorai/core'
import { readStream } from '../content/readStream.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { CallModelParameters } from '../payments/callParameters.js'
import { callBody } from '../payments/callPaths.js'
import { isRefusal, parseUsage } from '../payments/callReceipt.js'
import { readEvents } from '../payments/readEvents.js'
import { priceMax, sendAlone, sendInSession, targetOf } from '../payments/sendCall.js'
import type { Session } from '../payments/session.js'
import { type PaidBy, paidByOf } from './callModel.js'
import { getReceipt, type SignedReceipt } from './getReceipt.js'
import { verifyReceipt } from './verifyReceipt.js'

/** What a stream came to, known when it has ended. */
export type StreamEnd = {
  usage: MeteredUnits | undefined
  /** Base units charged. */
  amount: bigint
  amountMax: bigint
  paidBy: PaidBy
  /** Signed by the operator; of a session. */
  receipt: SignedReceipt | undefined
}
export type StreamModelReturnType<event = unknown> = {
  /** The documents of the stream as they come. Whoever stops reading pays for what was made until then. */
  events: AsyncIterable<event>
  /** Resolves when the stream was read to its end, or left. */
  ended: Promise<StreamEnd>
}

const stallMs = 120_000

/**
 * Calls a text service and reads its answer as it is made. In a session it comes live, and what was used is charged at its
 * end; paid by itself, it is made whole before it is sent, because its price has to come first.
 *
 * @throws AgoraiError as `callModel` does
 * @example for await (const event of (await streamModel(client, { service: 7n, api: 'chat', body, session })).events) …
 */
export async function streamModel<event = unknown>(
  client: AgoraiClient,
  parameters: CallModelParameters,
): Promise<StreamModelReturnType<event>> {
  const { service, api, session } = parameters
  const streamed = { ...parameters, body: { ...parameters.body, stream: true } }
  const amountMax = await priceMax(client, streamed)
  const body = callBody(api, service, streamed.body)
  if (session !== undefined) return streamInSession<event>(client, streamed, { session, body, amountMax })
  const { response, amount, wire } = await sendAlone(client, streamed, { body, amountMax })
  const end: StreamEnd = { usage: undefined, amount, amountMax, paidBy: wire, receipt: undefined }
  return watched<event>(response, async () => end)
}

async function streamInSession<event>(
  client: AgoraiClient,
  parameters: CallModelParameters,
  { session, body, amountMax }: { session: Session; body: Uint8Array<ArrayBuffer>; amountMax: bigint },
): Promise<StreamModelReturnType<event>> {
  const held = await session.hold({ method: 'POST', target: targetOf(client, parameters), body, amountMax })
  const response = await sendInSession(client, parameters, { body, held }).catch((error: unknown) => {
    held.settle(isRefusal(error) ? 0n : undefined)
    throw error
  })
  return watched<event>(response, async () => {
    const receipt = await receiptOf(client, session, held.counter).catch(() => undefined)
    const amount = receipt === undefined ? undefined : BigInt(receipt.receipt.amount)
    // Under a key of the caller's own it may have been counted before.
    held.settle(amount, parameters.key === undefined)
    if (amount !== undefined && amount > amountMax) {
      const error = new AgoraiError('overcharged', `The call was charged ${amount}, and ${amountMax} was the most.`)
      session.stop(error)
      throw error
    }
    const usage = receipt === undefined ? undefined : parseUsage(receipt.receipt.usage)
    return { usage, amount: amount ?? amountMax, amountMax, paidBy: paidByOf(session), receipt }
  })
}

const receiptAttempts = 100
const receiptWaitMs = 100

/** The receipt of a stream is there once it was charged, a moment after its last byte. */
async function receiptOf(client: AgoraiClient, session: Session, counter: number): Promise<SignedReceipt> {
  for (let attempt = 1; ; attempt++) {
    try {
      const receipt = await getReceipt(client, { session: session.kept(), counter })
      await verifyReceipt(client, { receipt })
      return receipt
    } catch (error) {
      const mayCome = error instanceof AgoraiError && error.code === 'not_found'
      if (!mayCome || attempt >= receiptAttempts) throw error
      await new Promise((resolve) => setTimeout(resolve, receiptWaitMs))
    }
  }
}

function watched<event>(response: Response, finish: () => Promise<StreamEnd>): StreamModelReturnType<event> {
  const { promise, resolve, reject } = withResolvers<StreamEnd>()
  // Whoever does not ask for the end is not to fail by it.
  promise.catch(() => {})
  async function* read(): AsyncGenerator<event> {
    try {
      if (response.body !== null)
        for await (const event of readEvents(readStream(response.body, stallMs))) yield event as event
    } finally {
      await finish().then(resolve, reject)
    }
  }
  return { events: read(), ended: promise }
}

function withResolvers<value>() {
  let resolve: (value: value) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<value>((onValue, onReason) => {
    resolve = onValue
    reject = onReason
  })
  return { promise, resolve, reject }
}
