import type { Serving } from '@agorai/core'
import type { Address } from 'viem'
import type { Usage } from '../../ports/inference.js'
import type { CallRequest } from '../http/lightRequest.js'

/** A service that this node answers for. */
export type ServedService = {
  /** Version that is sold, the asset's current one. */
  version: bigint
  asset: bigint
  owner: Address
  /** The asset's payment address. */
  till: Address
  name: string
  serving: Serving
}

/** A call that is sound, before anything was paid for it. */
export type Call = {
  request: CallRequest
  /** The body as it came. */
  body: Uint8Array
  service: ServedService
  /** The most that this call can use, which is what has to be covered. */
  usageMax: Usage
  /** Whether the answer is to come as it is made. */
  streams: boolean
  /** The address that asks. */
  client: string
}

/** What came of the work. The usage of a stream is known when it ended, or was given up. */
export type CallAnswer =
  | { kind: 'whole'; status: number; headers: Record<string, string>; body: Uint8Array; usage: Usage }
  | { kind: 'stream'; headers: Record<string, string>; chunks: AsyncIterable<Uint8Array>; usage: Promise<Usage> }

/** Who waits for the answer; the signal is given when nobody does any more. It is made when it is asked for. */
export type Caller = Pick<CallRequest, 'signal'> & {
  /** Who pays, in lower case: payers have their turns one after the other. Undefined for who pays nothing. */
  payer?: string | undefined
}

/** Sells calls: what has to be covered is reserved before the work, what was used is charged after it. */
export type Cashier = {
  /**
   * Takes the payment that the request carries, runs the work, charges what was used, writes it down, and answers.
   * A call without payment is answered by what it would cost. Work that throws is charged nothing.
   */
  sell(call: Call, work: (caller: Caller) => Promise<CallAnswer>): Promise<Response>
}
