import fc from 'fast-check'
import type { Address } from 'viem'
import { describe, expect, test } from 'vitest'
import { isAgoraiError } from '../errors/AgoraiError.js'
import { noSpending, type Spend, type Spending, type SpendingPolicy, spend, unspend } from './spending.js'

const token: Address = '0x00000000000000000000000000000000000000aa'
const operators: Address[] = [
  '0x00000000000000000000000000000000000000b1',
  '0x00000000000000000000000000000000000000b2',
]
const [operator = token] = operators
const policy: SpendingPolicy = {
  token,
  perCallMax: 10n,
  perDayMax: 25n,
  perAssetMax: 15n,
  totalMax: 60n,
  assets: [7n, 8n, 9n],
  operators: [operator],
}
const payment: Spend = { token, asset: 7n, operator, amount: 10n }
const day = 86_400

describe('a payment', () => {
  test.each([
    ['amount', { amount: -1n }],
    ['token', { token: operator }],
    ['operators', { operator: token }],
    ['assets', { asset: 6n }],
    ['assets', { asset: undefined }],
    ['perCallMax', { amount: 11n }],
  ] as const)('is refused by rule %s', (rule, change) => {
    expect(() => spend(policy, noSpending, { ...payment, ...change }, day)).toThrowError(
      expect.objectContaining({ code: 'policy_refused', field: rule, details: expect.objectContaining({ rule }) }),
    )
  })

  test('counts for its asset, its day and for ever', () => {
    const once = spend(policy, noSpending, payment, day)
    expect(() => spend(policy, once, payment, day + 86_399)).toThrowError(
      expect.objectContaining({ field: 'perAssetMax' }),
    )
    const twice = spend(policy, once, { ...payment, asset: 8n }, day)
    expect(() => spend(policy, twice, { ...payment, asset: 9n }, day)).toThrowError(
      expect.objectContaining({ field: 'perDayMax', details: { rule: 'perDayMax', sum: '30', max: '25' } }),
    )
    const tomorrow = spend(policy, twice, payment, 2 * day)
    expect(tomorrow).toEqual({ day: 2, today: 10n, byAsset: { 7: 10n }, total: 30n })
  })

  test('of a clock that went back gets no second allowance', () => {
    const state = spend(policy, spend(policy, noSpending, payment, 2 * day), { ...payment, asset: 8n }, 2 * day)
    expect(() => spend(policy, state, { ...payment, asset: 9n }, day)).toThrowError(
      expect.objectContaining({ field: 'perDayMax' }),
    )
  })

  test('gives back what it did not take, to its own day only', () => {
    const state = spend(policy, noSpending, payment, day)
    expect(unspend(state, payment, 4n, 1)).toEqual({ day: 1, today: 6n, byAsset: { 7: 6n }, total: 6n })
    const tomorrow = spend(policy, state, payment, 2 * day)
    expect(unspend(tomorrow, payment, 4n, 1)).toEqual({ ...tomorrow, total: 16n })
  })
})

test('whatever is asked for, in whatever order, no cap is exceeded', () => {
  const amounts = fc.bigInt({ min: -2n, max: 12n })
  const step = fc.record({
    asset: fc.constantFrom(undefined, 6n, 7n, 8n, 9n),
    operator: fc.constantFrom(...operators),
    token: fc.constantFrom(token, token, token, operator),
    amount: amounts,
    /** Quarters of it that come back. */
    quarters: fc.bigInt({ min: 0n, max: 4n }),
    /** Seconds from the step before: clocks go back, too. */
    passes: fc.integer({ min: -90_000, max: 90_000 }),
    /** Whether what was reserved is settled at once, at the end, or never. */
    settles: fc.constantFrom('now', 'later', 'never'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state: Spending = noSpending
      let now = 30 * day
      /** What is out by the test's own count: amounts that were allowed, less what came back. */
      const allowed: { asset: bigint | undefined; day: number; amount: bigint }[] = []
      const later: (() => void)[] = []
      for (const { quarters, passes, settles, ...asked } of steps) {
        now = Math.max(0, now + passes)
        let after: Spending
        try {
          after = spend(policy, state, asked, now)
        } catch (error) {
          expect(isAgoraiError(error, 'policy_refused')).toBe(true)
          continue
        }
        expect(asked.token).toBe(token)
        expect(asked.operator).toBe(operator)
        expect(policy.assets).toContain(asked.asset)
        expect(asked.amount >= 0n && asked.amount <= 10n).toBe(true)
        state = after
        const entry = { asset: asked.asset, day: state.day, amount: asked.amount }
        allowed.push(entry)
        const settle = (): void => {
          const unspent = (asked.amount * quarters) / 4n
          state = unspend(state, asked, unspent, entry.day)
          entry.amount -= unspent
        }
        if (settles === 'now') settle()
        if (settles === 'later') later.push(settle)
        const sumOf = (rows: typeof allowed) => rows.reduce((sum, { amount }) => sum + amount, 0n)
        for (const each of new Set(allowed.map((row) => row.day))) {
          const ofDay = allowed.filter((row) => row.day === each)
          expect(sumOf(ofDay) <= 25n).toBe(true)
          for (const asset of [7n, 8n, 9n]) expect(sumOf(ofDay.filter((row) => row.asset === asset)) <= 15n).toBe(true)
        }
        expect(sumOf(allowed) <= 60n).toBe(true)
      }
      for (const settle of later) settle()
      expect(state.total).toBe(allowed.reduce((sum, { amount }) => sum + amount, 0n))
    }),
    { numRuns: 300 },
  )
})
