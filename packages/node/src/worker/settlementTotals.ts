import type { ChannelAccount } from '../ports/settlement.js'
import { versionsOf } from './settlementBook.js'
import type { VersionTotal } from './settlementChain.js'

/** An account, and what the chain has of it. */
export type ChannelTotal = { account: ChannelAccount; claimed: bigint }

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
 * The totals that are to be stated, so that they exceed those stated before by exactly what was settled since.
 *
 * Where the journal knows of all that was claimed the sums are it. Where it was lost, what nobody knows any more counts to
 * the version that sold the most; and what was counted so before is not taken away again.
 *
 * @param pending Settled and not distributed, base units.
 * @returns Only totals that grow; `unknown` is the part of `pending` that the journal does not explain.
 */
export function totalsToState(
  sums: readonly VersionTotal[],
  stated: readonly VersionTotal[],
  pending: bigint,
): { totals: VersionTotal[]; unknown: bigint } {
  const before = new Map(stated.map(({ version, total }) => [version, total]))
  let left = pending
  const grown = new Map<bigint, bigint>()
  for (const { version, total } of sums) {
    const known = before.get(version) ?? 0n
    const growth = total - known < left ? total - known : left
    if (growth <= 0n) continue
    grown.set(version, growth)
    left -= growth
  }
  const largest = sums.reduce<VersionTotal | undefined>(
    (found, sum) => (found === undefined || sum.total > found.total ? sum : found),
    undefined,
  )
  if (left > 0n && largest !== undefined) grown.set(largest.version, (grown.get(largest.version) ?? 0n) + left)
  const totals = [...grown]
    .map(([version, growth]) => ({ version, total: (before.get(version) ?? 0n) + growth }))
    .toSorted((first, second) => (first.version < second.version ? -1 : 1))
  return { totals, unknown: left }
}
