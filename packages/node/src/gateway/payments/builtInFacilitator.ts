import { AgoraiError, isAgoraiError, type PaymentRequirements, type PaymentResponse, x402Errors } from '@agorai/core'
import type { Facilitator, Settlement } from '../../ports/facilitator.js'
import type { OperatorSender } from '../../ports/operatorSender.js'
import { settlementCall } from './settlementCall.js'

export type CreateBuiltInFacilitatorOptions = { sender: OperatorSender; settleTimeoutMs: number }

/** Ten times what a payment takes. A payer that is a contract is asked for its signature, and thinks at the operator's cost. */
const gasMax = 1_000_000n

/** Brings payments to the chain from the operator's own account. */
export function createBuiltInFacilitator({ sender, settleTimeoutMs }: CreateBuiltInFacilitatorOptions): Facilitator {
  // What was tried before the work needs not be tried again after it.
  const estimates = new WeakMap<Settlement, bigint>()
  return {
    isOwn: true,
    async verify(settlement, requirements) {
      try {
        estimates.set(settlement, await sender.estimate({ ...settlementCall(settlement, requirements), gasMax }))
        return undefined
      } catch (error) {
        if (isAgoraiError(error, 'transaction_reverted')) return refusalOf(settlement)
        throw ownFailureOf(error)
      }
    },
    async settle(settlement, requirements) {
      const gas = estimates.get(settlement)
      try {
        const call = { ...settlementCall(settlement, requirements), gasMax }
        const receipt = await sender.send({ ...call, ...(gas === undefined ? {} : { gas }) }, settleTimeoutMs)
        return responseOf(settlement, requirements, { success: true, transaction: receipt.transactionHash })
      } catch (error) {
        if (isAgoraiError(error, 'transaction_reverted'))
          return responseOf(settlement, requirements, {
            success: false,
            errorReason: refusalOf(settlement),
            transaction: '',
          })
        throw ownFailureOf(error)
      }
    },
  }
}

type Outcome = Pick<PaymentResponse, 'success' | 'errorReason' | 'transaction'>

function responseOf(settlement: Settlement, { network }: PaymentRequirements, outcome: Outcome): PaymentResponse {
  const payer = settlement.type === undefined ? settlement.authorization.from : settlement.channelConfig.payer
  return { ...outcome, payer, network, amount: amountOf(settlement) }
}

const amountOf = (settlement: Settlement): string => {
  if (settlement.type === undefined) return settlement.authorization.value
  return settlement.type === 'deposit' ? settlement.deposit.amount : settlement.amount
}

const refusalOf = ({ type }: Settlement): string => {
  if (type === undefined) return x402Errors.exactFailed
  return type === 'deposit' ? x402Errors.depositFailed : x402Errors.refundFailed
}

/** What is not the payer's fault. */
function ownFailureOf(error: unknown): unknown {
  if (isAgoraiError(error, 'funds_missing'))
    return new AgoraiError('node_unavailable', 'The operator cannot send payments now; nothing was charged.', {
      cause: error,
    })
  if (!isAgoraiError(error, 'chain_unavailable') || error.details?.transaction === undefined) return error
  return new AgoraiError('settlement_pending', 'The payment was sent, and is not mined yet.', {
    details: error.details,
    cause: error,
  })
}
