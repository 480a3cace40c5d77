import type { ChannelConfig, PaymentRequirements, PaymentResponse, X402Error } from '@agorai/core'
import type { Hex } from 'viem'

/** A voucher as x402 writes it where it is claimed. */
export type ClaimRow = {
  voucher: { channel: ChannelConfig; maxClaimableAmount: string }
  signature: Hex
  totalClaimed: string
}

/** What is brought to the chain, in x402's own form; what each holds was checked before. */
export type Settlement =
  | {
      type: 'deposit'
      channelConfig: ChannelConfig
      voucher: { channelId: Hex; maxClaimableAmount: string; signature: Hex }
      deposit: {
        amount: string
        authorization: {
          erc3009Authorization: { validAfter: string; validBefore: string; salt: Hex; signature: Hex }
        }
      }
    }
  | {
      type: 'refund'
      channelConfig: ChannelConfig
      voucher: { channelId: Hex; maxClaimableAmount: string; signature: Hex }
      amount: string
      refundNonce: string
      claims: ClaimRow[]
      refundAuthorizerSignature: Hex
      claimAuthorizerSignature: Hex
    }
  | {
      type?: never
      signature: Hex
      authorization: { from: Hex; to: Hex; value: string; validAfter: string; validBefore: string; nonce: Hex }
    }

/** Brings payments to the chain: this node by the operator's account, or somebody else's server. */
export type Facilitator = {
  /** Whether it is this node itself. What another says it has done counts once the chain says it, too. */
  isOwn: boolean
  /**
   * Whether the chain would take it now. Nothing is sent.
   *
   * @returns Why not.
   * @throws AgoraiError `chain_unavailable`
   */
  verify(settlement: Settlement, requirements: PaymentRequirements): Promise<X402Error | string | undefined>
  /**
   * Sends it and waits until it is mined.
   *
   * @throws AgoraiError `settlement_pending` when it is not known whether it was: `details.transaction` names it where that
   * is known; `chain_unavailable` when nothing was sent.
   */
  settle(settlement: Settlement, requirements: PaymentRequirements): Promise<PaymentResponse>
}
