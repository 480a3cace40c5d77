import {
  AgoraiError,
  encodeHeader,
  encodeMandate,
  mandateHeader,
  paymentSignatureHeader,
  toChainName,
} from '@agorai/core'
import { isAddressEqual } from 'viem'
import { errorOf } from '../http/createHttp.js'
import { payByTransfer } from './payByTransfer.js'
import { payByVoucher } from './payByVoucher.js'
import type { Payer } from './payer.js'
import type { PaidAnswer, PaidRequest, Payment } from './payment.js'
import { chooseRequirements, readPaymentRequired } from './requirements.js'
import { channelSalt } from './signChannel.js'

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
