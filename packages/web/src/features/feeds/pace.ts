import type { SignedSegment } from '@agorai/core'

/** A silence of more than so many cadences is worth telling. */
const silenceFactor = 3

export type Pace = {
  /** Rows an hour over the segments given; undefined of fewer than two, or of no time. */
  rowsPerHour: number | undefined
  /** The longest pause between two segments, or since the last, in seconds. */
  longestPauseSeconds: number
  /** Whether that is longer than the publisher's word lets expect. */
  isSilent: boolean
}

/**
 * How fast a feed goes.
 *
 * @param segments Consecutive, oldest first.
 * @param now Unix seconds.
 */
export function paceOf(segments: readonly SignedSegment[], cadenceSeconds: number | undefined, now: number): Pace {
  const times = segments.map(({ segment }) => segment.publishedAt)
  const [first, last] = [times[0], times.at(-1)]
  const seconds = (last ?? 0) - (first ?? 0)
  const rows = segments.slice(1).reduce((sum, { segment }) => sum + segment.rows, 0)
  const pauses = times.map((time, place) => (times[place + 1] ?? now) - time)
  const longestPauseSeconds = Math.max(0, ...pauses)
  return {
    rowsPerHour: seconds === 0 ? undefined : (rows * 3_600) / seconds,
    longestPauseSeconds,
    isSilent: cadenceSeconds !== undefined && longestPauseSeconds > silenceFactor * cadenceSeconds,
  }
}
