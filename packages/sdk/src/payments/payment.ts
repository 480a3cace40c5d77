import type { PaymentRequired, PaymentRequirements } from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { HttpRequest } from '../http/createHttp.js'
import type { Wire } from './requirements.js'

/** A request that may have to be paid for. */
export type PaidRequest = {
  /** Made afresh for each attempt; `key` makes repeating it harmless. */
  http: HttpRequest
  /** Idempotency key: the same request under the same key is answered and charged once. */
  key: string
  /** What is paid for; undefined for a budget that any service of the operator may draw on. */
  asset: bigint | undefined
  /** The most that is paid, in base units. */
  amountMax: bigint
  /** The token that those are of. Default: whichever is asked for, as far as the policy lets it. */
  token?: Address | undefined
  wire?: Wire | undefined
  /** Of the channel, where a voucher pays. */
  salt?: Hex | undefined
  /** What is deposited at a time, where a deposit is needed: at least what the operator takes. Default: for ten such requests. */
  deposit?: bigint | undefined
  /** What the signature gives away beyond what an earlier one did; default the whole amount. */
  adds?: bigint | undefined
  /**
   * The session whose ceiling it is, `''` for one that is to be opened: charged when it closes. Until then what the channel
   * owes is not known, and all of it stays counted.
   */
  session?: string | undefined
}

/** `amount`: base units charged. */
export type PaidAnswer = {
  response: Response
  wire: Wire | 'free'
  amount: bigint
  channel?: Hex | undefined
  transaction?: string | undefined
}

/** What a wire needs to know to pay. */
export type Payment = {
  request: PaidRequest
  required: PaymentRequired
  requirements: PaymentRequirements
  /** Sends the request with a payment of these bytes. */
  send(payload: object): Promise<Response>
}
