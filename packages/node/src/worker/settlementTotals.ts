import type { ChannelAccount } from '../ports/settlement.js'
import { versionsOf } from './settlementBook.js'
import type { VersionPayment } from './settlementChain.js'

/** An account, and what the chain has of it. */
export type ChannelTotal = { account: ChannelAccount; claimed: bigint }

/** What a version has earned through all channels of a token, base units. */
export type VersionTotal = { version: bigint; total: bigint }

/** What versions have from all channels of a token, by ascending version. */
export function sumVersions(channels: readonly ChannelTotal[]): VersionTotal[] {
  const sums = new Map<bigint, bigint>()
  for (const { account, claimed } of channels)
    for (const [version, amount] of versionsOf(account, claimed)) sums.set(version, (sums.get(version) ?? 0n) + amount)
  return [...sums]
    .map(([version, total]) => ({ version, total }))
    .toSorted((first, second) => (first.version < second.version ? -1 : 1))
}

/**
 * What each version is to be paid, so that all have had what was settled.
 *
 * Where the journal knows of all that was claimed, each gets what it is short of its sum. Where it was lost, what nobody
 * knows any more counts to the version that sold the most; and what was counted so before is not taken away again.
 *
 * @param totals What each version has had.
 * @param pending Settled and not handed on, base units.
 * @returns Parts above zero; `unknown` is the part of `pending` that the journal does not explain.
 */
export function partsToPay(
  sums: readonly VersionTotal[],
  totals: ReadonlyMap<bigint, bigint>,
  pending: bigint,
): { parts: VersionPayment[]; unknown: bigint } {
  let left = pending
  const parts = new Map<bigint, bigint>()
  for (const { version, total } of sums) {
    const short = total - (totals.get(version) ?? 0n)
    const amount = short < left ? short : left
    if (amount <= 0n) continue
    parts.set(version, amount)
    left -= amount
  }
  const largest = sums.reduce<VersionTotal | undefined>(
    (found, sum) => (found === undefined || sum.total > found.total ? sum : found),
    undefined,
  )
  if (left > 0n && largest !== undefined) parts.set(largest.version, (parts.get(largest.version) ?? 0n) + left)
  const ascending = [...parts].toSorted(([first], [second]) => (first < second ? -1 : 1))
  return { parts: ascending.map(([version, amount]) => ({ version, amount })), unknown: left }
}
