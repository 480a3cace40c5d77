import type { Hex } from 'viem'
import type { ChannelRecord } from './channelRecords.js'
import type { ChannelConfig } from './channels.js'

/** A channel as the records made it. Amounts are base units of its token. */
export type ChannelState = {
  readonly channel: Hex
  readonly config: ChannelConfig
  /** Place of its next record. */
  sequence: number
  /** What was charged before and beside the records that are known: the chain can know of more than they do. */
  base: bigint
  /** What the calls cost until now, cumulative. */
  charged: bigint
  /** The last voucher: never below `charged`. */
  signedMax: bigint
  signature: Hex
  /**
   * Vouchers above `charged` that were the last one, ascending, each with what was charged when it was. A claim by a voucher
   * shows it to everybody.
   */
  readonly claimable: { max: bigint; charged: bigint }[]
  /**
   * The session that holds the channel, up to the ceiling last signed for it. Its charges are added when it closes, and
   * until then nothing is claimed by its voucher.
   */
  session: { id: string; from: bigint; ceiling: bigint; signature: Hex } | undefined
  /** The last part that was given back, and when, in unix seconds; `nonce` tells whether the chain has it already. */
  refund: { nonce: bigint; amount: bigint; at: number } | undefined
  /** What was charged for each version, without `base`. */
  readonly byVersion: Map<string, bigint>
  /** Unix seconds of the last record. */
  at: number
}

/** All channels of an operator, made from the records in their order. */
export type ChannelBook = {
  get(channel: Hex): ChannelState | undefined
  /** @returns The channel; undefined for a record that does not follow the last one, which changes nothing. */
  apply(record: ChannelRecord): ChannelState | undefined
  channels(): IterableIterator<ChannelState>
}

export function createChannelBook(): ChannelBook {
  const channels = new Map<Hex, ChannelState>()
  return {
    get: (channel) => channels.get(channel),
    channels: () => channels.values(),
    apply(record) {
      const known = channels.get(record.channel)
      if (record.sequence !== (known?.sequence ?? 0)) return undefined
      const state = known ?? firstState(record)
      if (state === undefined || !advance(state, record)) return undefined
      state.sequence += 1
      state.at = record.at
      if (known === undefined) channels.set(record.channel, state)
      return state
    },
  }
}

function firstState(record: ChannelRecord): ChannelState | undefined {
  if (record.config === undefined || !('from' in record)) return undefined
  const base = BigInt(record.from)
  return {
    channel: record.channel,
    config: record.config,
    sequence: 0,
    base,
    charged: base,
    signedMax: base,
    signature: '0x',
    claimable: [],
    session: undefined,
    refund: undefined,
    byVersion: new Map(),
    at: record.at,
  }
}

/** @returns Whether the record fits: a channel only goes up, never beyond what was signed, and a session has it alone. */
function advance(state: ChannelState, record: ChannelRecord): boolean {
  switch (record.kind) {
    case 'channel-charged': {
      const to = BigInt(record.to)
      const signedMax = BigInt(record.signedMax)
      if (state.session !== undefined || to < BigInt(record.from) || to > signedMax) return false
      if (!begin(state, record.from)) return false
      addTo(state.byVersion, record.version, to - state.charged)
      return sign(state, to, signedMax, record.signature)
    }
    case 'channel-refunded': {
      if (state.session !== undefined || !begin(state, record.from)) return false
      const nonce = BigInt(record.nonce)
      const amount = BigInt(record.amount)
      // Two for one nonce: either may reach the chain, so the larger one is reserved.
      const reserved = state.refund?.nonce === nonce && state.refund.amount > amount ? state.refund.amount : amount
      state.refund = { nonce, amount: reserved, at: record.at }
      return sign(state, state.charged, BigInt(record.signedMax), record.signature)
    }
    case 'session-opened': {
      if (state.session !== undefined || BigInt(record.ceiling) < BigInt(record.from)) return false
      if (!begin(state, record.from)) return false
      const { session: id, ceiling, signature } = record
      state.session = { id, from: state.charged, ceiling: BigInt(ceiling), signature }
      return true
    }
    case 'session-topped-up':
      // By the session's own ceiling: an earlier one may have left a larger voucher.
      if (state.session?.id !== record.session || BigInt(record.ceiling) < state.session.ceiling) return false
      state.session.ceiling = BigInt(record.ceiling)
      state.session.signature = record.signature
      return true
    case 'session-closed': {
      const to = BigInt(record.to)
      const { session } = state
      if (session?.id !== record.session || to < state.charged || to > session.ceiling) return false
      for (const [version, amount] of record.byVersion) addTo(state.byVersion, version, BigInt(amount))
      state.session = undefined
      // What was not used needs no voucher, so that over the same amount another session can be opened.
      return to === state.charged || sign(state, to, session.ceiling, session.signature)
    }
  }
}

/** A record begins where the last one ended, or further on, where the chain had more than the records: some were lost. */
function begin(state: ChannelState, from: string): boolean {
  const begun = BigInt(from)
  if (begun < state.charged) return false
  state.base += begun - state.charged
  state.charged = begun
  if (state.signedMax < begun) state.signedMax = begun
  return true
}

/** The larger voucher is kept: what was signed once can be claimed for ever. */
function sign(state: ChannelState, charged: bigint, signedMax: bigint, signature: Hex): true {
  state.charged = charged
  const { claimable } = state
  if (signedMax >= state.signedMax) {
    state.signedMax = signedMax
    state.signature = signature
    if (claimable.at(-1)?.max !== signedMax) claimable.push({ max: signedMax, charged })
  }
  const above = claimable.findIndex(({ max }) => max > charged)
  if (above !== 0) claimable.splice(0, above < 0 ? claimable.length : above)
  return true
}

/**
 * Whether a claim can have shown the voucher over `max` to everybody: then whoever brings it need not be who signed it. By
 * the last voucher a claim may be on its way; by one before it there was none if the chain has less claimed than was charged
 * when it was the last.
 *
 * @param totalClaimed Of the channel, by the chain and not older than this question; undefined where it may be.
 */
export function mayBeShown({ claimable }: ChannelState, max: bigint, totalClaimed: bigint | undefined): boolean {
  let [from, to] = [0, claimable.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((claimable[middle]?.max ?? max) < max) from = middle + 1
    else to = middle
  }
  const found = claimable[from]
  if (found?.max !== max) return false
  return totalClaimed === undefined || from === claimable.length - 1 || totalClaimed >= found.charged
}

function addTo(totals: Map<string, bigint>, version: string, amount: bigint): void {
  totals.set(version, (totals.get(version) ?? 0n) + amount)
}
