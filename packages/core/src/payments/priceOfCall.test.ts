import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { priceOfCall } from './priceOfCall.js'

describe('priceOfCall', () => {
  test('sums the lines, each rounded up', () => {
    const prices = [
      { unit: 'call' as const, amount: '10', per: 1 },
      { unit: 'output_token' as const, amount: '3', per: 1_000 },
    ]
    expect(priceOfCall(prices, {})).toBe(0n)
    expect(priceOfCall(prices, { call: 1 })).toBe(10n)
    expect(priceOfCall(prices, { call: 1, output_token: 1 })).toBe(11n)
    expect(priceOfCall(prices, { call: 1, output_token: 1_000 })).toBe(13n)
    expect(priceOfCall(prices, { row: 7 })).toBe(0n)
  })

  test('more use never costs less, and never less than its share', () => {
    const line = fc.record({
      unit: fc.constant('row' as const),
      amount: fc.bigInt(0n, 10n ** 30n).map(String),
      per: fc.integer({ min: 1, max: 1_000_000_000 }),
    })
    fc.assert(
      fc.property(line, fc.nat(1_000_000), fc.nat(1_000_000), (price, used, more) => {
        const paid = priceOfCall([price], { row: used })
        expect(priceOfCall([price], { row: used + more })).toBeGreaterThanOrEqual(paid)
        const exact = BigInt(used) * BigInt(price.amount)
        expect(paid * BigInt(price.per)).toBeGreaterThanOrEqual(exact)
        expect(paid * BigInt(price.per)).toBeLessThan(exact + BigInt(price.per))
      }),
    )
  })
})
