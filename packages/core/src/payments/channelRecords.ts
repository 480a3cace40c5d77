import type { Address, Hex } from 'viem'
import type { ChannelConfig } from './channels.js'

/**
 * What moves a channel on. Each names the channel and its own place in the channel's history, from 0, so that of several
 * gateways that write at once one record stands. Amounts are base units as decimal strings, cumulative where not said
 * otherwise. `config` stands in the first record of a channel.
 */
type Step = {
  channel: Hex
  sequence: number
  config?: ChannelConfig
  /** Unix seconds. */
  at: number
  /** Who wrote it, for which payment: two gateways can be handed the same voucher with the same request, and one sells. */
  by?: string
}

/** A call was answered and paid for by a voucher of its own. */
export type ChannelCharged = Step & {
  kind: 'channel-charged'
  /** Charged before this call, and with it. */
  from: string
  to: string
  signedMax: string
  signature: Hex
  version: string
  /** sha-256 of what was asked. */
  requestHash: Hex
}

/** Part of the deposit is given back. Written down before it is sent: from here on nothing is sold against that part. */
export type ChannelRefunded = Step & {
  kind: 'channel-refunded'
  /** Charged before, for the first record of a channel. */
  from: string
  /** Not cumulative. */
  amount: string
  /** The contract's refund nonce that it is signed for. */
  nonce: string
  signedMax: string
  signature: Hex
}

/** A session took the channel for itself. */
export type SessionOpened = Step & {
  kind: 'session-opened'
  session: string
  /** Charged before. */
  from: string
  /** What the payer signed for, cumulative: the channel's charges can reach it while the session is open. */
  ceiling: string
  signature: Hex
  /** The one asset that it may be spent on. */
  scope?: string
  token: Address
  /** Unix seconds. */
  expiry: number
  payer: Address
  /** sha-256 of what was asked with a nonce, by which whoever asked is known again. */
  request?: Hex
}

export type SessionToppedUp = Step & { kind: 'session-topped-up'; session: string; ceiling: string; signature: Hex }

export type SessionClosed = Step & {
  kind: 'session-closed'
  session: string
  /** Charged at the end. */
  to: string
  /** What each version sold in the session; not cumulative. */
  byVersion: readonly (readonly [version: string, amount: string])[]
}

export type ChannelRecord = ChannelCharged | ChannelRefunded | SessionOpened | SessionToppedUp | SessionClosed

/** What each record of a channel is named by. */
export const channelRecordName = ({ channel, sequence }: Pick<ChannelRecord, 'channel' | 'sequence'>): string =>
  `channel/${channel}/${sequence}`
