/** What a session's ceiling is made of. Base units. */
export type CeilingParameters = {
  /** What its calls came to. */
  charged: bigint
  /** The most that the calls under way can come to, with the one that is to begin. */
  reserved: bigint
  /** The most of the call that is to begin. */
  needed: bigint
  /** What was charged in the last minute, or would be at the rate seen so far. */
  perMinute: bigint
  /** The most that is open beyond what was charged, however fast it is spent. */
  openMax: bigint
  /** The most that the session may come to in all. */
  budget: bigint
}

/** Calls that a session without a known rate is open for. */
const callsAhead = 8n

/**
 * How high the ceiling should be: what was charged, and the lesser of `openMax` and of what a minute takes. What is under
 * way always fits, since it was asked for.
 */
export function ceilingFor(parameters: CeilingParameters): bigint {
  const { charged, reserved, needed, perMinute, openMax, budget } = parameters
  const open = lesser(greater(perMinute, callsAhead * needed), openMax)
  return lesser(charged + greater(open, reserved), budget)
}

export function lesser(left: bigint, right: bigint): bigint {
  if (left < right) return left
  return right
}

export function greater(left: bigint, right: bigint): bigint {
  if (left > right) return left
  return right
}

const minuteMs = 60_000
/** A rate that was seen for less is taken as if it had lasted so long. */
const seenMsMin = 10_000

/** What is spent in a minute, at the rate of the last one. */
export function createRate(now: () => number = Date.now) {
  const began = now()
  let charges: { at: number; amount: bigint }[] = []
  return {
    add(amount: bigint): void {
      charges.push({ at: now(), amount })
    },
    perMinute(): bigint {
      const at = now()
      charges = charges.filter((charge) => charge.at > at - minuteMs)
      const sum = charges.reduce((total, { amount }) => total + amount, 0n)
      const seenMs = Math.min(minuteMs, Math.max(seenMsMin, at - began))
      return (sum * BigInt(minuteMs)) / BigInt(Math.ceil(seenMs))
    },
  }
}
