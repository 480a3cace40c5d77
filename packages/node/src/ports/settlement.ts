import type { ChannelState } from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { JournalRecord } from './journal.js'

/** What an operator's gateways wrote down, for whoever brings it to the chain. */
export type SettlementRecords = {
  /** What was recorded since the last call, by anybody, in the order in which it became true; all of it at first. */
  news(): AsyncIterable<JournalRecord>
  close(): Promise<void>
}

/** Units of a channel that were charged one after the other for one version. */
export type ChargeRun = {
  version: bigint
  /** The channel's cumulative charge at its end, in base units; it begins where the run before it ends. */
  to: bigint
  /** When its first unit was charged, in unix seconds. */
  at: number
}

/** What a channel owes, and for which versions. */
export type ChannelAccount = { readonly state: Readonly<ChannelState>; readonly runs: readonly ChargeRun[] }

/** What a round of settlement found in one channel, and did with it. Amounts are base units of the token, cumulative. */
export type ChannelReport = {
  channel: Hex
  token: Address
  charged: bigint
  /** What the chain had before the round, and after it. */
  before: bigint
  after: bigint
  /** What was charged above what the channel still holds, and is lost to the operator. Not cumulative. */
  lost: bigint
  withdrawing: boolean
}

/** What the receiver has paid a version out of channels, cumulative base units. */
export type VersionReport = { token: Address; version: bigint; total: bigint }

export type SettlementReport = {
  channels: readonly ChannelReport[]
  versions: readonly VersionReport[]
  /** What was sent, in order. */
  transactions: readonly Hex[]
}
