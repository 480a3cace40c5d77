import { AgoraiError } from '@agorai/core'
import { type Address, type Hex, isAddressEqual, keccak256, stringToBytes } from 'viem'
import { errorOf } from '../http/createHttp.js'
import { checkFunds } from '../market/funds.js'
import { ledgerOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import type { Payer } from './payer.js'
import type { PaidAnswer, Payment } from './payment.js'
import { refusalOf } from './refusalOf.js'
import { readPaymentOutcome, readPaymentRequired } from './requirements.js'
import { signTransfer } from './signChannel.js'

/** Pays by x402's `exact`: a signed transfer of the whole price into the till of the asset. */
export async function payByTransfer(payer: Payer, { request, requirements, send }: Payment): Promise<PaidAnswer> {
  const { client, mandate } = payer
  const { asset } = request
  if (mandate !== undefined || asset === undefined)
    throw new AgoraiError('payment_refused', 'It is paid from a channel, and this operator takes none here.', {
      field: 'wire',
    })
  const till = await readContract(client, { ...ledgerOf(client), functionName: 'tillOf', args: [asset] })
  if (!isAddressEqual(till, requirements.payTo))
    throw new AgoraiError('payment_refused', `It asks to pay ${requirements.payTo}, and the till is ${till}.`, {
      field: 'payTo',
    })
  const amount = BigInt(requirements.amount)
  await checkFunds(client, { token: requirements.asset, amount })
  const reservation = await payer.spending.reserve({
    token: requirements.asset,
    asset,
    operator: client.info.operator.address,
    amount,
  })
  const transfer = { to: till, value: amount, nonce: nonceOf(till, request.key) }
  const { signature, ...authorization } = await signTransfer(payer, requirements, 'TransferWithAuthorization', transfer)
  const response = await untilSettled(() =>
    send({
      signature,
      authorization: {
        ...authorization,
        value: String(amount),
        validAfter: String(authorization.validAfter),
        validBefore: String(authorization.validBefore),
      },
    }),
  )
  if (response.status === 402) {
    const { error } = readPaymentRequired(response)
    // It stays counted: the authorization is out, and could be brought to the chain until it expires.
    throw refusalOf(error, readPaymentOutcome(response)?.errorReason)
  }
  if (!response.ok) throw await errorOf(response)
  const outcome = readPaymentOutcome(response)
  await reservation.settle(amount)
  return { response, wire: 'exact', amount, transaction: outcome?.transaction }
}

/**
 * One transfer to a till for one key: asked for again after a restart, the operator and the chain know it as the same
 * payment.
 */
const nonceOf = (till: Address, key: string): Hex =>
  keccak256(stringToBytes(`agorai call ${till.toLowerCase()} ${key}`))

const waitMs = 2_000
const waitsMax = 90

/** Asks for the answer again while the transfer is sent and not mined. */
async function untilSettled(ask: () => Promise<Response>): Promise<Response> {
  for (let waits = 0; ; waits++) {
    const response = await ask()
    if (response.status !== 202) return response
    if (waits >= waitsMax) throw await errorOf(response)
    await response.body?.cancel()
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
