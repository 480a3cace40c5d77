import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shareOut } from './shares.js'

/** What is meant, by one division of integers a leaf. */
function plain(amount: bigint, weights: readonly bigint[]): { start: bigint; amount: bigint }[] {
  const sum = weights.reduce((total, weight) => total + weight, 0n)
  let start = 0n
  return weights.map((weight) => {
    const share = { start, amount: (amount * weight) / sum }
    start += weight
    return share
  })
}

const read = (amount: bigint, weights: readonly bigint[]) => {
  const shares = shareOut(
    amount,
    weights.map((weight) => ({ weight })),
  )
  return Array.from({ length: shares.length }, (_, i) => ({ start: shares.startOf(i), amount: shares.amountOf(i) }))
}

/** Weights of every size, of which the sum stays below `2^bits`. */
const weightsBelow = (bits: number) =>
  fc
    .integer({ min: 1, max: bits - 6 })
    .chain((size) => fc.array(fc.bigInt({ min: 1n, max: 2n ** BigInt(size) }), { minLength: 1, maxLength: 40 }))

describe('shares', () => {
  test.each([
    ['of small sums of weights', 30],
    ['up to where doubles are exact', 50],
    ['up to 64 bits of weight', 63],
  ])('are those of plain division, %s', (_, bits) => {
    fc.assert(
      fc.property(
        weightsBelow(bits),
        fc.bigInt({ min: 0n, max: 2n ** 126n }),
        fc.nat(126),
        (weights, amount, shift) => {
          const cut = amount >> BigInt(shift)
          expect(read(cut, weights)).toEqual(plain(cut, weights))
        },
      ),
      { numRuns: 1_500 },
    )
  })

  test('are right where a quotient is whole, one below and one above', () => {
    const sum = 2n ** 50n
    for (const weight of [1n, 3n, 2n ** 25n - 1n, 2n ** 49n + 1n, sum - 1n])
      for (const quotient of [1n, 2n, 7n, 2n ** 20n + 1n, weight - 1n])
        for (const off of [-1n, 0n, 1n]) {
          const amount = (quotient * sum) / weight + off
          if (amount < 0n) continue
          const weights = [weight, sum - weight]
          expect(read(amount, weights)).toEqual(plain(amount, weights))
        }
  })

  test('of nobody are none', () => {
    expect(shareOut(5n, []).length).toBe(0)
  })
})
