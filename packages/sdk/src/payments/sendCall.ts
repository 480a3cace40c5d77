import { AgoraiError } from '@agorai/core'
import { getQuote } from '../actions/getQuote.js'
import { collectBytes, readStream } from '../content/readStream.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { errorOf } from '../http/createHttp.js'
import type { CallModelParameters } from './callParameters.js'
import { callPath } from './callPaths.js'
import { createPayer } from './payer.js'
import type { PaidAnswer } from './payment.js'
import { payRequest } from './payRequest.js'
import type { HeldCall } from './session.js'

type Sendable = { body: Uint8Array<ArrayBuffer>; amountMax: bigint }

const answerBytesMax = 64 * 1024 * 1024
const stallMs = 120_000
const timeoutMsDefault = 120_000
const attemptsMax = 5
const roomAttempts = 5
const roomWaitMs = 100

/**
 * The most that a call may cost, by the service's own word where the caller says nothing.
 *
 * @throws AgoraiError `price_above_max` when the service asks for more than is allowed.
 */
export async function priceMax(client: AgoraiClient, parameters: CallModelParameters): Promise<bigint> {
  const { service, api, body, amountMax, session } = parameters
  // A call that is paid by itself is told its price before it is paid.
  if (amountMax !== undefined && session === undefined) return amountMax
  const price = BigInt((await getQuote(client, { service, api, body })).amountMax)
  if (amountMax !== undefined && price > amountMax)
    throw new AgoraiError('price_above_max', `It may cost ${price} base units, and ${amountMax} are allowed.`, {
      field: 'amountMax',
      details: { price: String(price), amountMax: String(amountMax) },
    })
  return price
}

const requestOf = (
  { service, api, timeoutMs = timeoutMsDefault }: CallModelParameters,
  body: Uint8Array<ArrayBuffer>,
) =>
  ({
    method: 'POST',
    path: callPath(api, service),
    headers: { 'content-type': 'application/json' },
    body: () => body,
    timeoutMs,
  }) as const

/** Sends a call that is paid by itself. */
export const sendAlone = (
  client: AgoraiClient,
  parameters: CallModelParameters,
  { body, amountMax }: Sendable,
): Promise<PaidAnswer> => {
  const { payer = createPayer(client), service, wire, key = crypto.randomUUID() } = parameters
  return payRequest(payer, { http: requestOf(parameters, body), key, asset: service, amountMax, wire })
}

/** Sends a call of a session. Lost answers are asked for with the same token, which is good for one call only. */
export async function sendInSession(
  client: AgoraiClient,
  parameters: CallModelParameters,
  { body, held }: { body: Uint8Array<ArrayBuffer>; held: HeldCall },
): Promise<Response> {
  const request = requestOf(parameters, body)
  const { key } = parameters
  const headers = { ...request.headers, ...held.headers, ...(key === undefined ? {} : { 'idempotency-key': key }) }
  for (let attempt = 1; ; attempt++) {
    const response = await client.http.exchange({ ...request, headers, attemptsMax })
    if (response.ok) return response
    const error = await errorOf(response)
    if (error.code !== 'session_exhausted' || attempt >= roomAttempts) throw error
    // Other gateways, and calls that just ended, may hold parts of the ceiling for a moment.
    await held.makeRoom()
    await new Promise((resolve) => setTimeout(resolve, roomWaitMs))
  }
}

/** The path and query that a token is bound to. */
export const targetOf = (client: AgoraiClient, { api, service }: CallModelParameters): string => {
  const { pathname, search } = new URL(callPath(api, service), client.node)
  return `${pathname}${search}`
}

/** @throws AgoraiError `payload_too_large`, `node_unavailable` when it breaks off */
export async function readAnswer(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array()
  try {
    return await collectBytes(bounded(readStream(response.body, stallMs)))
  } catch (cause) {
    if (cause instanceof AgoraiError) throw cause
    throw new AgoraiError('node_unavailable', 'The answer broke off.', { cause })
  }
}

async function* bounded(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const slice of content) {
    bytes += slice.length
    if (bytes > answerBytesMax)
      throw new AgoraiError('payload_too_large', `The service answered more than ${answerBytesMax} bytes.`)
    yield slice
  }
}

/** @throws AgoraiError `call_refused` when it is no JSON. */
export function parseAnswer(answer: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(answer))
  } catch (cause) {
    throw new AgoraiError('call_refused', 'The answer is not JSON.', { cause })
  }
}
