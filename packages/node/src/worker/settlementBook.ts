import { type ChannelRecord, createChannelBook } from '@agorai/core'
import type { Hex } from 'viem'
import type { JournalRecord } from '../ports/journal.js'
import type { ChannelAccount, ChargeRun } from '../ports/settlement.js'

/** What every channel owes, and for which versions: made of the journal's records, in their order. */
export type SettlementBook = {
  apply(record: JournalRecord): void
  account(channel: Hex): ChannelAccount | undefined
  accounts(): readonly ChannelAccount[]
}

const kinds: ReadonlySet<string> = new Set<ChannelRecord['kind']>([
  'channel-charged',
  'channel-refunded',
  'session-opened',
  'session-topped-up',
  'session-closed',
])
const isOfChannel = (record: JournalRecord | ChannelRecord): record is ChannelRecord => kinds.has(record.kind)

export function createSettlementBook(): SettlementBook {
  const book = createChannelBook()
  const runsOf = new Map<Hex, ChargeRun[]>()
  return {
    apply(record) {
      if (!isOfChannel(record)) return
      const from = book.get(record.channel)?.charged
      const state = book.apply(record)
      if (state === undefined) return
      const runs = runsOf.get(record.channel) ?? []
      runsOf.set(record.channel, runs)
      addRuns(runs, from ?? state.base, partsOf(record, state.charged - (from ?? state.base)), record.at)
    },
    account(channel) {
      const state = book.get(channel)
      return state && { state, runs: runsOf.get(channel) ?? [] }
    },
    accounts: () => [...book.channels()].map((state) => ({ state, runs: runsOf.get(state.channel) ?? [] })),
  }
}

type Part = readonly [version: string, amount: bigint]

/** What a record charged, by version, in an order that follows from it alone. */
function partsOf(record: ChannelRecord, amount: bigint): readonly Part[] {
  if (record.kind === 'channel-charged') return [[record.version, amount]]
  if (record.kind !== 'session-closed') return []
  return record.byVersion
    .map(([version, units]) => [version, BigInt(units)] as const)
    .toSorted(([first], [second]) => (BigInt(first) < BigInt(second) ? -1 : 1))
}

function addRuns(runs: ChargeRun[], from: bigint, parts: readonly Part[], at: number): void {
  let to = from
  for (const [version, amount] of parts) {
    if (amount === 0n) continue
    to += amount
    const last = runs.at(-1)
    if (last?.version === BigInt(version)) last.to = to
    else runs.push({ version: BigInt(version), to, at })
  }
}

/**
 * For which versions the first units of a channel were charged. It follows from the journal alone and grows with
 * `claimed`, so whoever computes it, after whatever crash, comes to totals that go on from those before.
 *
 * @param claimed Cumulative base units. What was charged before the journal begins counts to its first version, and what
 * is above its end to its last.
 */
export function versionsOf({ runs }: Pick<ChannelAccount, 'runs'>, claimed: bigint): Map<bigint, bigint> {
  const totals = new Map<bigint, bigint>()
  let from = 0n
  for (const [place, { version, to }] of runs.entries()) {
    const end = to < claimed && place < runs.length - 1 ? to : claimed
    if (end > from) totals.set(version, (totals.get(version) ?? 0n) + end - from)
    from = end
  }
  return totals
}

/** Unix seconds at which the first unit above `claimed` was charged, or somewhat before; undefined where none is. */
export const owedSince = ({ runs }: Pick<ChannelAccount, 'runs'>, claimed: bigint): number | undefined =>
  runs.find(({ to }) => to > claimed)?.at
