import { isDeniable } from '@agorai/core'
import type { Address, Hex } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { ChannelAccount } from '../ports/settlement.js'
import type { HandedOn } from './handedOn.js'
import { owedSince, type SettlementBook } from './settlementBook.js'
import type { ChannelFacts, SettlementChain } from './settlementChain.js'

/** When a channel's charges are brought to the chain. */
export type SettlementPolicy = {
  /** As soon as a channel owes so much, base units. */
  value: bigint
  /** The same of a channel whose payer can deny its vouchers, if that is less. */
  deniableValue: bigint
  /** As soon as something has been owed for so long. */
  seconds: number
}

/** What a worker remembers between its rounds. It may forget all of it. */
export type SettlementState = {
  /** What the chain had of each channel when it was last looked at. */
  seen: Map<Hex, ChannelFacts>
  /** What could not be claimed, with the charge at which that was tried and when it is tried again. */
  stuck: Map<Hex, { charged: bigint; againAtMs: number }>
  /** What the receiver has handed on of each token, as it was last read. */
  handedOn: Map<Address, HandedOn>
  /** Tokens of which all was handed on since a channel was last due. At the start nobody knows. */
  idle: Set<Address>
}

export const newState = (): SettlementState => ({
  seen: new Map(),
  stuck: new Map(),
  handedOn: new Map(),
  idle: new Set(),
})

/** The channels that pay this operator's receiver. Others cannot be claimed by it. */
export const ownAccounts = (book: SettlementBook, { receiver }: SettlementChain): ChannelAccount[] =>
  book
    .accounts()
    .filter(
      ({ state: { config } }) =>
        isAddressEqual(config.receiver, receiver) && isAddressEqual(config.receiverAuthorizer, receiver),
    )

/** Base units that were charged and are not claimed, as far as is known. */
export const owedOf = ({ seen }: SettlementState, { state }: ChannelAccount): bigint => {
  const owed = state.charged - (seen.get(state.channel)?.claimed ?? 0n)
  return owed > 0n ? owed : 0n
}

export const isStuck = ({ stuck }: SettlementState, { state }: ChannelAccount, nowMs: number): boolean => {
  const tried = stuck.get(state.channel)
  return tried !== undefined && tried.charged === state.charged && tried.againAtMs > nowMs
}

/** Whether a channel is to be claimed now: it owes enough, or for long enough, or its payer is taking the money out. */
export function isDue(
  state: SettlementState,
  account: ChannelAccount,
  { value, deniableValue, seconds }: SettlementPolicy,
  nowMs: number,
): boolean {
  const owed = owedOf(state, account)
  if (owed === 0n || isStuck(state, account, nowMs)) return false
  const seen = state.seen.get(account.state.channel)
  if (owed >= value || seen?.withdrawing === true) return true
  if (owed >= deniableValue && isDeniable(account.state.config)) return true
  const since = owedSince(account, seen?.claimed ?? 0n)
  return since !== undefined && since + seconds <= nowMs / 1_000
}
