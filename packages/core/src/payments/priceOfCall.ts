import type { MeteringUnit, Serving } from '../assets/serving.js'

/** Units that a call used, or may use at most; what is not there is 0. */
export type MeteredUnits = Partial<Record<MeteringUnit, number>>

/**
 * What a call costs, in base units of the service's token. Each line is rounded up, in the seller's favour; the price of
 * the most that a call may use is rounded in the same way, so it is never below the price of what was used.
 *
 * @param units Whole and not negative.
 */
export function priceOfCall(prices: Serving['prices'], units: MeteredUnits): bigint {
  let total = 0n
  for (const { unit, amount, per } of prices) {
    const used = units[unit] ?? 0
    if (used === 0) continue
    const product = BigInt(used) * BigInt(amount)
    total += per === 1 ? product : (product + BigInt(per) - 1n) / BigInt(per)
  }
  return total
}
