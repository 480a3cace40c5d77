/**
 * Money of an asset's timed passes in one token, as the market keeps it: earned day by day at the sum of what all running
 * passes pay. Days are unix seconds ∕ 86,400. A pass pays its rate on the days [start, end): the sum rises on `start` and
 * falls on `end`. A day is earned once it has ended.
 */
export type Stream = {
  /** First day that is not earned yet; 0 before the first pass. */
  day: bigint
  /** What all passes pay on that day. */
  rate: bigint
  /** Earned, and not yet in the ledger. */
  earned: bigint
  /** By how much the rate changes when a later day begins. None of them is 0. */
  changes: ReadonlyMap<bigint, bigint>
}

export const emptyStream: Stream = { day: 0n, rate: 0n, earned: 0n, changes: new Map() }

export const secondsPerDay = 86_400n
/** Most days that a purchase earns before it changes the rate; further behind, `accrue` has to come first. */
export const accrualDaysMax = 64n

export const dayOf = (seconds: bigint): bigint => seconds / secondsPerDay

/** Earns the days that have ended, at most `daysMax` of them. */
export function earn(stream: Stream, now: bigint, daysMax: bigint): Stream {
  const today = dayOf(now)
  const changes = new Map(stream.changes)
  let { rate, earned } = stream
  let day = stream.day === 0n ? today : stream.day
  for (let count = 0n; count < daysMax && day < today; count++) {
    earned += rate
    day++
    const by = changes.get(day)
    // Whatever begins, begins on the day of a purchase or the one after it, and a purchase earns up to its day: once
    // nothing flows and nothing changes a day later, nothing does until the next purchase.
    if (by === undefined && rate === 0n) day = today
    rate += by ?? 0n
    changes.delete(day)
  }
  return { day, rate, earned, changes }
}

/** Changes the rate from a day on that is not earned yet. */
export function changeRate(stream: Stream, day: bigint, by: bigint): Stream {
  if (day === stream.day) return { ...stream, rate: stream.rate + by }
  const changes = new Map(stream.changes)
  const sum = (changes.get(day) ?? 0n) + by
  if (sum === 0n) changes.delete(day)
  else changes.set(day, sum)
  return { ...stream, changes }
}

/** The market's `accrue`: what enters the ledger, and the stream without it. */
export function accrue(stream: Stream, now: bigint, daysMax: bigint): { stream: Stream; amount: bigint } {
  if (stream.day === 0n) return { stream, amount: 0n }
  const { earned, ...rest } = earn(stream, now, daysMax)
  return { stream: { ...rest, earned: 0n }, amount: earned }
}

/** All that the stream has not paid into the ledger: earned, and still to come. */
export function waitingOf({ day, rate, earned, changes }: Stream): bigint {
  let [sum, flowing, from] = [earned, rate, day]
  for (const [at, by] of [...changes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    sum += flowing * (at - from)
    flowing += by
    from = at
  }
  return sum
}
