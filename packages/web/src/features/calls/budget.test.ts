import { expect, test } from 'vitest'
import { readBudget, suggestBudget } from './budget.js'

const token = { decimals: 6 }

test('a first budget is small, and covers one call at least', () => {
  expect([412n, 0n, 50_000n, 7_000_000n].map((amount) => suggestBudget(amount, token))).toEqual([
    41_200n,
    1_000_000n,
    1_000_000n,
    7_000_000n,
  ])
})

test('a budget that covers no call is none', () => {
  expect(readBudget('0.5', 500_000n, token)).toBe(500_000n)
  expect(['0.4', '0', '', 'one'].map((text) => readBudget(text, 500_000n, token))).toEqual(Array(4).fill(undefined))
})
