import { AgoraiError, encodeHeader, paymentSignatureHeader, x402Errors } from '@agorai/core'
import type { Hex } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { errorOf } from '../http/createHttp.js'
import { askTerms, termsPath } from '../payments/askTerms.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { recoverChannel } from '../payments/recoverChannel.js'
import { refusalOf } from '../payments/refusalOf.js'
import { readPaymentOutcome, readPaymentRequired } from '../payments/requirements.js'
import { channelFor, channelSalt, signVoucher } from '../payments/signChannel.js'

export type RefundChannelParameters = {
  /** A service of the operator. */
  asset: bigint
  /** Base units. Default: all that was not charged. */
  amount?: bigint | undefined
  /** Which channel with the operator: 0 pays calls one by one, those after it pay sessions. */
  index?: number | undefined
  payer?: Payer | undefined
}
/** `amount`: base units that went back to the payer, in transaction `transaction`. */
export type RefundChannelReturnType = { channel: Hex; amount: bigint; transaction: string }

const correctionsMax = 2

/**
 * Asks the operator for what was deposited and not charged. It comes at once, without the withdrawal's delay.
 *
 * @throws AgoraiError `payment_refused` when there is nothing to give back or a session has the channel, `model_not_found`,
 * `node_unavailable`
 */
export async function refundChannel(
  client: AgoraiClient,
  parameters: RefundChannelParameters,
): Promise<RefundChannelReturnType> {
  const { asset, amount, index = 0, payer = createPayer(client) } = parameters
  const { required, requirements } = await askTerms(payer, asset)
  const { channel, config } = await channelFor(payer, requirements, channelSalt(index))
  return payer.channels.exclusive(channel, async () => {
    let kept = (await payer.channels.get(channel)) ?? (await recoverChannel(payer, channel, config, undefined))
    for (let corrections = 0; ; corrections++) {
      const voucher = await signVoucher(payer, channel, kept.charged)
      const payload = {
        type: 'refund',
        channelConfig: config,
        voucher,
        ...(amount === undefined ? {} : { amount: String(amount) }),
      }
      const response = await client.http.exchange({
        path: termsPath(asset),
        headers: {
          [paymentSignatureHeader]: encodeHeader({
            ...{ x402Version: 2, resource: required.resource, accepted: requirements, payload },
          }),
        },
        timeoutMs: 120_000,
      })
      if (response.status === 402) {
        const refusal = readPaymentRequired(response)
        if (refusal.error !== x402Errors.cumulativeMismatch || corrections >= correctionsMax)
          throw refusalOf(refusal.error, readPaymentOutcome(response)?.errorReason)
        kept = await recoverChannel(payer, channel, config, kept, refusal)
        continue
      }
      if (!response.ok) throw await errorOf(response)
      const outcome = readPaymentOutcome(response)
      await response.body?.cancel()
      if (!outcome?.amount) throw new AgoraiError('payment_refused', 'The operator does not say what it gave back.')
      const back = BigInt(outcome.amount)
      await payer.channels.set(channel, { ...kept, balance: kept.balance - back })
      return { channel, amount: back, transaction: outcome.transaction }
    }
  })
}
