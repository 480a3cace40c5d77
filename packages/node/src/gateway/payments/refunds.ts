import {
  type BatchPayload,
  type ChannelDigests,
  type ChannelRefunded,
  type PaymentRequirements,
  paymentResponseHeader,
  withRightParity,
  x402Errors,
} from '@agorai/core'
import { bytesToHex, type PrivateKeyAccount } from 'viem'
import type { ClaimRow, Facilitator } from '../../ports/facilitator.js'
import type { ChannelDesk, Refused, TakenChannel } from './channelDesk.js'
import type { ChannelMirror } from './channelMirror.js'
import { channelSnapshot } from './channelSnapshot.js'
import { responseHeader } from './responseHeader.js'

export type RefundPayload = Extract<BatchPayload, { type: 'refund' }>

/** Gives what was not used back to the payer, who asks for it with a voucher over what was charged. */
export type Refunds = {
  refund(payload: RefundPayload, requirements: PaymentRequirements): Promise<Response | Refused>
}

export type CreateRefundsOptions = {
  chainId: number
  desk: ChannelDesk
  mirror: ChannelMirror
  digests: ChannelDigests
  facilitator: Facilitator
  /** Signs for the operator's receiver. */
  account: PrivateKeyAccount
  /** Makes the receiver's contract where it is missing: until then it cannot be asked whether it signed. */
  ensureReceiver(): Promise<void>
}

const partEverySeconds = 3_600

export function createRefunds(options: CreateRefundsOptions): Refunds {
  const { chainId, desk, mirror, digests, facilitator, account, ensureReceiver } = options

  async function send(payload: RefundPayload, requirements: PaymentRequirements, taken: TakenChannel, amount: bigint) {
    const { channel, from, funds, signedMax } = taken
    const { channelConfig: config, voucher } = payload
    const claim = { channel, config, maxClaimableAmount: signedMax, totalClaimed: from, signature: voucher.signature }
    const { signature } = await withRightParity(chainId, claim)
    const claims: ClaimRow[] =
      from > funds.totalClaimed
        ? [
            {
              voucher: { channel: config, maxClaimableAmount: voucher.maxClaimableAmount },
              signature,
              totalClaimed: String(from),
            },
          ]
        : []
    const rows = claims.map(() => ({ channel, maxClaimableAmount: signedMax, totalClaimed: from }))
    const [refundAuthorizerSignature, claimAuthorizerSignature] = await Promise.all(
      [digests.refund(channel, funds.refundNonce, amount), digests.claimBatch(rows)].map((digest) =>
        account.sign({ hash: bytesToHex(digest) }),
      ),
    )
    const settlement = {
      ...payload,
      amount: String(amount),
      refundNonce: String(funds.refundNonce),
      claims,
      refundAuthorizerSignature: refundAuthorizerSignature ?? '0x',
      claimAuthorizerSignature: claimAuthorizerSignature ?? '0x',
    }
    return facilitator.settle(settlement, requirements).finally(() => mirror.drop(channel))
  }

  return {
    async refund(payload, requirements) {
      const taken = await desk.take(payload, requirements)
      if (taken.kind === 'refused') return taken
      try {
        const { funds, from } = taken
        const rest = funds.balance - from
        if (rest <= 0n) return refuse(x402Errors.refundNoBalance)
        const wanted = payload.amount === undefined ? rest : BigInt(payload.amount)
        if (wanted === 0n) return refuse(x402Errors.refundAmount)
        const amount = wanted < rest ? wanted : rest
        // Each is a transaction at the operator's cost, and whoever saw the voucher in a claim can ask for it.
        if (amount < rest && taken.step.at < taken.refundedAt + partEverySeconds)
          return refuse(x402Errors.refundTooSoon)
        await ensureReceiver()
        const record: ChannelRefunded = {
          kind: 'channel-refunded',
          ...taken.step,
          from: String(from),
          amount: String(amount),
          nonce: String(funds.refundNonce),
          signedMax: String(taken.signedMax),
          signature: taken.signature,
        }
        // From here on no gateway sells anything against this part, whatever becomes of the transaction.
        const lost = await taken.commit(record)
        if (lost !== undefined) return lost
        const response = await send(payload, requirements, taken, amount)
        if (!response.success) return refuse(response.errorReason ?? x402Errors.refundFailed, response)
        const channelState = channelSnapshot(taken.channel, await mirror.read(taken.channel), from)
        const header = responseHeader({ ...response, amount: String(amount), extra: { channelState } })
        return new Response('{}', {
          headers: { 'content-type': 'application/json', 'cache-control': 'no-store', [paymentResponseHeader]: header },
        })
      } finally {
        taken.release()
      }
    },
  }
}

const refuse = (error: string, response?: Refused['response']): Refused => ({
  kind: 'refused',
  error,
  ...(response === undefined ? {} : { response }),
})
