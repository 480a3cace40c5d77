import type { Offer } from '@agorai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fallHours, fallingPrice, plottedDays, priceCurve, quote } from './priceCurve.js'
import { testOffer } from './testOffer.js'

const timed: Offer = {
  ...testOffer,
  price: '1000000',
  timed: true,
  brackets: [
    { fromDay: 7, bps: 8_000 },
    { fromDay: 30, bps: 5_000 },
  ],
}

describe('the price by days', () => {
  test('bends where a bracket begins', () => {
    expect(priceCurve(timed, 90)).toEqual([
      { days: 0, total: 0n, daily: 1_000_000n },
      { days: 7, total: 7_000_000n, daily: 800_000n },
      { days: 30, total: 25_400_000n, daily: 500_000n },
      { days: 90, total: 55_400_000n, daily: 500_000n },
    ])
    expect(priceCurve(timed, 7).map(({ days }) => days)).toEqual([0, 7])
  })

  test('is between two corners what the market charges, whatever the brackets', () => {
    const brackets = fc
      .uniqueArray(fc.record({ fromDay: fc.integer({ min: 1, max: 400 }), bps: fc.integer({ min: 0, max: 9_999 }) }), {
        maxLength: 3,
        selector: ({ fromDay }) => fromDay,
      })
      .map((list) => {
        const rates = list.map(({ bps }) => bps).sort((a, b) => b - a)
        return [...list]
          .sort((a, b) => a.fromDay - b.fromDay)
          .map(({ fromDay }, i) => ({ fromDay, bps: rates[i] ?? 0 }))
      })
    fc.assert(
      fc.property(brackets, fc.integer({ min: 1, max: 500 }), (list, days) => {
        // A whole number of 10,000 so that no floor stands between the line and the price.
        const offer = { ...timed, price: '10000', brackets: list }
        const corners = priceCurve(offer, 500)
        const before = corners.findLast((corner) => corner.days <= days)
        if (before === undefined) throw new Error('a curve begins on day 0')
        expect(before.total + before.daily * BigInt(days - before.days)).toBe(quote(offer, days, 0n))
      }),
    )
  })

  test('is plotted as far as the choice and the last bracket', () => {
    expect([1, 31, 400, 3_650].map((days) => plottedDays({ ...timed, brackets: [] }, days))).toEqual([
      30, 90, 1_095, 3_650,
    ])
    expect(plottedDays(timed, 1)).toBe(90)
  })
})

describe('an exclusive price', () => {
  const exclusive: Offer = { ...testOffer, usage: 'exclusive', price: '5000000', listedAt: 1_000 }

  test('falls from ten times its reserve to the reserve, and never rises', () => {
    const points = fallingPrice(exclusive)
    expect(points[0]).toEqual({ hours: 0, price: 50_000_000n })
    expect(points.at(-1)).toEqual({ hours: fallHours, price: 5_000_000n })
    expect(points.find(({ hours }) => hours === 24)?.price).toBe(25_000_000n)
    for (const [index, { price }] of points.entries()) expect(price <= (points[index - 1]?.price ?? price)).toBe(true)
  })

  test('is quoted from the moment it was listed', () => {
    expect(quote(exclusive, 1, 1_000n)).toBe(50_000_000n)
    expect(quote(exclusive, 1, 1_000n + 86_400n)).toBe(25_000_000n)
    expect(quote(exclusive, 1, 10_000_000n)).toBe(5_000_000n)
  })
})
