import type { VoucherClaim } from '@agorai/core'
import type { Address, Hex } from 'viem'

/** What the chain has of a channel. Amounts are base units, `claimed` cumulative. */
export type ChannelFacts = { balance: bigint; claimed: bigint; withdrawing: boolean }

/**
 * What the operator's receiver had of one token, cumulative: claimed, moved to it, and paid to versions. `history` is its
 * word for all those payments.
 */
export type ReceiverFacts = { claimed: bigint; settled: bigint; distributed: bigint; history: Hex }

/** What a version gets, in base units. */
export type VersionPayment = { version: bigint; amount: bigint }

/** The settlement contract and the operator's receiver, as settlement needs them. Sending is what the sender makes of it. */
export type SettlementChain = {
  receiver: Address
  head(): Promise<bigint>
  channels(channels: readonly Hex[], block: bigint): Promise<Map<Hex, ChannelFacts>>
  receiverOf(token: Address, block: bigint): Promise<ReceiverFacts>
  /** What the receiver paid versions in these blocks, in order. */
  payments(token: Address, fromBlock: bigint, toBlock: bigint): Promise<VersionPayment[]>
  /** Channels whose payer asked for a withdrawal in these blocks, anybody's among them. */
  withdrawals(fromBlock: bigint, toBlock: bigint): Promise<Hex[]>
  /** Makes the receiver where it is missing. */
  createReceiver(): Promise<Hex | undefined>
  claim(rows: readonly VoucherClaim[], authorization: Hex): Promise<Hex>
  settle(token: Address): Promise<Hex>
  /** @param history What the payments were computed with; refused if anything was handed on since. */
  distribute(token: Address, history: Hex, payments: readonly VersionPayment[], root: Hex): Promise<Hex>
}
