import {
  AgoraiError,
  encodeHeader,
  encodeMandate,
  mandateHeader,
  type PaymentRequired,
  type PaymentRequirements,
  paymentSignatureHeader,
  toChainName,
} from '@agorai/core'
import { type Address, type Hex, isAddressEqual } from 'viem'
import type { HttpRequest } from '../http/createHttp.js'
import { errorOf } from '../http/createHttp.js'
import { payByTransfer } from './payByTransfer.js'
import { payByVoucher } from './payByVoucher.js'
import type { Payer } from './payer.js'
import { chooseRequirements, readPaymentRequired, type Wire } from './requirements.js'
import { channelSalt } from './signChannel.js'
import type { Reservation } from './spendingGuard.js'

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
  /** What is deposited at a time, where a deposit is needed. Default: for ten such requests. */
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
  /** What was counted for it. */
  reservation?: Reservation | undefined
}

/** What a wire needs to know to pay. */
export type Payment = {
  request: PaidRequest
  required: PaymentRequired
  requirements: PaymentRequirements
  /** Sends the request with a payment of these bytes. */
  send(payload: object): Promise<Response>
}

/**
 * Sends a request, and pays for it if it is asked to: by a voucher where they are taken, else by `exact`. Nothing is signed
 * before the price, the payee and the spending policy have been checked. An answer that was lost is asked for again with
 * the same payment.
 *
 * @throws AgoraiError `price_above_max`, `payment_refused`, `policy_refused`, `overcharged`, `funds_missing`, the node's own
 */
export async function payRequest(payer: Payer, request: PaidRequest): Promise<PaidAnswer> {
  const { client, mandate } = payer
  const exchange = (more: Record<string, string>): Promise<Response> =>
    client.http.exchange({
      ...request.http,
      headers: {
        ...request.http.headers,
        'idempotency-key': request.key,
        ...(mandate === undefined ? {} : { [mandateHeader]: encodeMandate(mandate) }),
        ...more,
      },
      attemptsMax: attemptsOf(more),
    })
  const first = await exchange({})
  if (first.status !== 402) {
    if (!first.ok) throw await errorOf(first)
    return { response: first, wire: 'free', amount: 0n }
  }
  const required = readPaymentRequired(first)
  await first.body?.cancel()
  const { wire, requirements } = chooseRequirements(required, toChainName(client.info.chain.id), request.wire)
  const { token } = request
  if (token !== undefined && !isAddressEqual(requirements.asset, token))
    throw new AgoraiError('payment_refused', `It asks for the token ${requirements.asset}, and ${token} is paid.`, {
      field: 'token',
    })
  const price = BigInt(requirements.amount)
  if (price > request.amountMax)
    throw new AgoraiError(
      'price_above_max',
      `It would cost ${price} base units, and ${request.amountMax} are allowed.`,
      {
        field: 'amountMax',
        details: { price: String(price), amountMax: String(request.amountMax) },
      },
    )
  const { resource, extensions } = required
  const payment: Payment = {
    request,
    required,
    requirements,
    send: (payload) =>
      exchange({
        [paymentSignatureHeader]: encodeHeader({
          x402Version: 2,
          resource,
          accepted: requirements,
          payload,
          ...(extensions === undefined ? {} : { extensions }),
        }),
      }),
  }
  return wire === 'voucher'
    ? payByVoucher(payer, payment, request.salt ?? channelSalt(0))
    : payByTransfer(payer, payment)
}

/** A payment is sent again until it is answered: given up, nobody would know what was charged. */
const attemptsOf = (headers: Record<string, string>): number => (Object.keys(headers).length === 0 ? 3 : 6)
