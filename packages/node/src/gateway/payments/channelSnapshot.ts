import type { ChannelSnapshot, ChannelState, VoucherSnapshot } from '@agorai/core'
import type { Hex } from 'viem'
import type { ChannelFunds } from './channelMirror.js'

/** What x402 tells a client of its channel. */
export const channelSnapshot = (channel: Hex, funds: ChannelFunds, charged: bigint): ChannelSnapshot => ({
  channelId: channel,
  balance: String(funds.balance),
  totalClaimed: String(funds.totalClaimed),
  withdrawRequestedAt: funds.withdrawRequestedAt,
  refundNonce: String(funds.refundNonce),
  chargedCumulativeAmount: String(charged),
})

/** The last voucher, by which a client knows that it signed for what was charged. */
export const voucherSnapshot = ({ signedMax, signature }: ChannelState): VoucherSnapshot => ({
  signedMaxClaimable: String(signedMax),
  signature,
})
