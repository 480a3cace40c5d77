import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Bracket } from './encoding.js'
import { bundlePrice, daysWeight, exclusivePrice, expWad, type PricedOffer, priceOf } from './price.js'

const offer = (rest: Partial<PricedOffer> = {}): PricedOffer => ({
  price: 1_000n,
  usage: 'personal',
  timed: false,
  brackets: [],
  listedAt: null,
  ...rest,
})
const brackets: Bracket[] = [
  { fromDay: 30, bps: 9_000 },
  { fromDay: 365, bps: 7_000 },
]

describe('a timed pass', () => {
  test.each([
    [1, 10_000n],
    [30, 300_000n],
    [31, 309_000n],
    [365, 300_000n + 335n * 9_000n],
    [366, 300_000n + 335n * 9_000n + 7_000n],
    [3_650, 300_000n + 335n * 9_000n + 3_285n * 7_000n],
  ])('of %i days weighs %s ten-thousandths of a day', (days, weight) => {
    expect(daysWeight(brackets, days)).toBe(weight)
    expect(priceOf(offer({ timed: true, brackets, price: 7n }), days, 0n)).toBe((7n * weight) / 10_000n)
  })

  const anyBrackets = fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: 4_000 }), { maxLength: 3 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 9_999 }), { minLength: 3, maxLength: 3 }),
    )
    .map(([days, rates]): Bracket[] => {
      const [from, bps] = [days.sort((a, b) => a - b), rates.sort((a, b) => b - a)]
      return from.map((fromDay, i) => ({ fromDay, bps: bps[i] ?? 0 }))
    })

  test('is the sum over its days, each at the rate of its bracket, and never costs less for more days', () => {
    fc.assert(
      fc.property(anyBrackets, fc.integer({ min: 1, max: 3_649 }), (drawn, days) => {
        const rateOn = (day: number) => drawn.filter(({ fromDay }) => fromDay <= day).at(-1)?.bps ?? 10_000
        const each = Array.from({ length: days }, (_, day) => rateOn(day))
        expect(daysWeight(drawn, days)).toBe(BigInt(each.reduce((sum, bps) => sum + bps, 0)))
        expect(daysWeight(drawn, days + 1)).toBeGreaterThanOrEqual(daysWeight(drawn, days))
      }),
      { numRuns: 500 },
    )
  })
})

test.each([
  [false, 0],
  [false, 2],
  [false, 1.5],
  [true, 0],
  [true, 3_651],
  [true, Number.NaN],
])('timed %s: %d is no quantity', (timed, quantity) => {
  expect(() => priceOf(offer({ timed }), quantity, 0n)).toThrow(
    expect.objectContaining({ code: 'quantity_invalid', field: 'quantity' }),
  )
})

test('a perpetual pass costs its price, at any time', () => {
  expect([0n, 10n ** 9n].map((now) => priceOf(offer(), 1, now))).toEqual([1_000n, 1_000n])
})

describe('an exclusive offer', () => {
  const price = 10n ** 12n

  test('starts at ten times its reserve, halves each day and ends at the reserve after 79.7 hours', () => {
    const at = (hours: number) =>
      priceOf(offer({ usage: 'exclusive', price, listedAt: 500n }), 1, 500n + BigInt(hours * 3_600))
    expect(at(0)).toBe(10n * price)
    for (const [hours, share] of [
      [24, 5],
      [48, 2.5],
      [72, 1.25],
    ] as const) {
      expect(Number(at(hours))).toBeGreaterThan(Number(price) * share * (1 - 1e-9))
      expect(Number(at(hours))).toBeLessThanOrEqual(Number(price) * share)
    }
    expect(at(79)).toBeGreaterThan(price)
    expect(at(80)).toBe(price)
    expect(exclusivePrice(price, 287_014n)).toBeGreaterThan(price)
    expect(exclusivePrice(price, 287_015n)).toBe(price)
    expect(exclusivePrice(price, 10n ** 12n)).toBe(price)
  })

  test('never rises', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 300_000n }),
        fc.bigInt({ min: 0n, max: 10n ** 18n }),
        (seconds, reserve) => {
          expect(exclusivePrice(reserve, seconds + 1n)).toBeLessThanOrEqual(exclusivePrice(reserve, seconds))
          expect(exclusivePrice(reserve, seconds)).toBeGreaterThanOrEqual(reserve)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('expWad', () => {
  // From Solady's own test suite, and powers of e to 18 digits.
  test.each([
    [0n, 1_000_000_000_000_000_000n],
    [-41_446_531_673_892_822_312n, 1n],
    [-41_446_531_673_892_822_313n, 0n],
    [-(10n ** 30n), 0n],
    [-1_000_000_000_000_000_000n, 367_879_441_171_442_321n],
    [-3_000_000_000_000_000_000n, 49_787_068_367_863_942n],
    [-2_000_000_000_000_000_000n, 135_335_283_236_612_691n],
    [-500_000_000_000_000_000n, 606_530_659_712_633_423n],
    [-300_000_000_000_000_000n, 740_818_220_681_717_866n],
  ])('of %s is %s', (power, value) => {
    expect(expWad(power)).toBe(value)
  })

  test('is within a unit of the series, to 40 digits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -5n * 10n ** 18n, max: 0n }), (power) => {
        const scale = 10n ** 40n
        const x = (-power * scale) / 10n ** 18n
        let [term, sum] = [scale, scale]
        for (let n = 1n; n < 80n; n++) {
          term = (term * x) / scale / n
          sum += term
        }
        const exact = (scale * 10n ** 18n) / sum
        const difference = expWad(power) - exact
        expect(difference).toBeGreaterThanOrEqual(-1n)
        expect(difference).toBeLessThanOrEqual(1n)
      }),
      { numRuns: 1_000 },
    )
  })
})

test('members of a bundle keep the ratio of their prices, but for the floor', () => {
  expect([1_000n, 333n, 1n, 0n].map((price) => bundlePrice(price, 2_500))).toEqual([750n, 249n, 0n, 0n])
  expect(bundlePrice(1_000n, 0)).toBe(1_000n)
})
