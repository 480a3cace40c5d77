import type { Pass } from '@agorai/core'

/**
 * How a pass stands, and the moment that the words end with.
 *
 * @param now Unix seconds by the chain's clock; undefined while it is not known.
 */
export function passWords(
  pass: Pick<Pass, 'state' | 'expiry' | 'refundUntil'>,
  now: number | undefined,
): { words: string; at: number | null; good: boolean } {
  const { expiry, refundUntil, state } = pass
  if (state === 'refunded') return { words: 'Given back', at: null, good: false }
  if (state === 'transferred') return { words: 'Passed on to another account', at: null, good: false }
  if (state === 'expired') return { words: 'Ran until', at: expiry, good: false }
  if (expiry !== null) return { words: 'Runs until', at: expiry, good: true }
  if (refundUntil !== null && (now === undefined || now < refundUntil))
    return { words: 'Does not expire. May be refunded until', at: refundUntil, good: true }
  return { words: 'Does not expire. The sale is final', at: null, good: true }
}
