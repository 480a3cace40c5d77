import { AgoraiError, type ChannelConfig, isAgoraiError, x402Errors } from '@agorai/core'
import type { Hex } from 'viem'
import { errorOf } from '../http/createHttp.js'
import { checkFunds } from '../market/funds.js'
import type { KeptChannel } from './channelStore.js'
import { depositFor } from './depositFor.js'
import type { Payer } from './payer.js'
import type { PaidAnswer, Payment } from './payment.js'
import { recoverChannel } from './recoverChannel.js'
import { refusalOf } from './refusalOf.js'
import { readPaymentOutcome, readPaymentRequired } from './requirements.js'
import { greater } from './sessionCeiling.js'
import { channelFor, signDeposit, signVoucher } from './signChannel.js'

const correctionsMax = 3
const waitsMax = 60
const busyDelayMs = 250

const correctable: readonly string[] = [x402Errors.cumulativeMismatch, x402Errors.belowClaimed]

/** Pays by a voucher of the channel to the operator; the first, and whatever is not covered, comes with a deposit. */
export async function payByVoucher(payer: Payer, payment: Payment, salt: Hex): Promise<PaidAnswer> {
  const { request, requirements } = payment
  const amount = BigInt(requirements.amount)
  const { channel, config } = await channelFor(payer, requirements, salt)
  return payer.channels.exclusive(channel, async () => {
    let kept = (await payer.channels.get(channel)) ?? (await recoverChannel(payer, channel, config, undefined))
    if (kept.session !== undefined && kept.session !== request.session)
      throw refusalOf(x402Errors.channelBusy, undefined)
    let corrections = 0
    for (let waits = 0; ; ) {
      const signedMax = greater(kept.signedMax, kept.charged + amount)
      const reservation = await payer.spending.reserve({
        ...{ token: config.token, asset: request.asset, operator: payer.client.info.operator.address },
        ...{ amount: request.adds ?? amount, adds: signedMax - kept.signedMax },
      })
      const sent = await send(payer, payment, { channel, config, kept, amount }).catch(async (error: unknown) => {
        // Nothing left this process.
        if (isAgoraiError(error, 'funds_missing') || isAgoraiError(error, 'wallet_declined'))
          await reservation.settle(0n)
        throw error
      })
      const { response, paid } = sent
      // Whatever it answers, the operator can claim by this voucher until its end: what it gives away is counted once, and
      // nothing of it comes back.
      kept = { ...kept, signedMax }
      if (response.status !== 402) {
        const outcome = readPaymentOutcome(response)
        const charged = BigInt(outcome?.extra?.chargedAmount ?? 0)
        if (charged > amount)
          throw new AgoraiError('overcharged', `The operator charged ${charged}, and ${amount} was the most.`)
        const isCharged = outcome?.success === true
        // What failed before it was charged leaves the voucher where it was: the next one replaces it.
        kept = { ...paid, charged: paid.charged + (isCharged ? charged : 0n), answered: request.session === undefined }
        await payer.channels.set(channel, isCharged ? kept : { ...kept, balance: sent.balance })
        if (!response.ok) throw await errorOf(response)
        return {
          response,
          wire: 'voucher',
          amount: charged,
          channel,
          transaction: outcome?.transaction || undefined,
        }
      }
      const refusal = readPaymentRequired(response)
      await response.body?.cancel()
      if (refusal.error === x402Errors.channelBusy && waits++ < waitsMax) {
        await new Promise((resolve) => setTimeout(resolve, busyDelayMs))
      } else if (correctable.includes(refusal.error ?? '') && corrections++ < correctionsMax) {
        kept = await recoverChannel(payer, channel, config, kept, refusal)
        await payer.channels.set(channel, kept)
      } else {
        await payer.channels.set(channel, { ...kept, answered: true })
        throw refusalOf(refusal.error, readPaymentOutcome(response)?.errorReason)
      }
    }
  })
}

type Sent = {
  response: Response
  /** The channel once the payment is taken. */
  paid: KeptChannel
  /** What it held before. */
  balance: bigint
}

/** Signs for what was charged and this amount, deposits what that lacks, and remembers it before it is sent. */
async function send(
  payer: Payer,
  payment: Payment,
  { channel, config, kept, amount }: { channel: Hex; config: ChannelConfig; kept: KeptChannel; amount: bigint },
): Promise<Sent> {
  const { requirements } = payment
  const signedMax = kept.charged + amount
  const missing = signedMax - kept.balance
  const deposit = missing > 0n ? await depositOf(payer, payment, missing) : 0n
  const voucher = await signVoucher(payer, channel, signedMax)
  const payload = {
    type: deposit > 0n ? 'deposit' : 'voucher',
    channelConfig: config,
    voucher,
    ...(deposit > 0n ? { deposit: await signDeposit(payer, requirements, { channel, amount: deposit }) } : {}),
  }
  const known = { ...kept, signedMax: greater(kept.signedMax, signedMax) }
  await payer.channels.set(channel, { ...known, answered: false })
  const response = await payment.send(payload)
  return { response, paid: { ...known, balance: kept.balance + deposit }, balance: kept.balance }
}

async function depositOf(payer: Payer, { request, requirements }: Payment, missing: bigint): Promise<bigint> {
  const { mandate, client } = payer
  if (mandate !== undefined)
    throw new AgoraiError('funds_missing', `The channel of the mandate lacks ${missing} base units.`, {
      details: { missing: String(missing), owner: mandate.mandate.owner },
    })
  const funds = await checkFunds(client, { token: requirements.asset, amount: missing })
  return depositFor({ requirements, wished: request.deposit, missing, funds })
}
