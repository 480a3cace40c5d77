import { expect, test } from 'vitest'
import { formatAmount, formatBps, formatTable, plain, shorten } from './format.js'

test('an amount has all its decimals and its unit', () => {
  const token = { symbol: 'tUSD', decimals: 6 }
  expect(formatAmount(8_900_000n, token)).toBe('8.900000 tUSD')
  expect(formatAmount(1n, token)).toBe('0.000001 tUSD')
  expect(formatAmount(0n, token)).toBe('0.000000 tUSD')
  expect(formatAmount(2n ** 256n - 1n, { symbol: 'X', decimals: 0 })).toBe(`${2n ** 256n - 1n} X`)
})

test('a rate is in per cent, every one of 10,000 exact', () => {
  expect([0, 1, 10, 125, 1_000, 10_000].map(formatBps)).toEqual(['0 %', '0.01 %', '0.1 %', '1.25 %', '10 %', '100 %'])
  for (let bps = 0; bps <= 10_000; bps++) expect(formatBps(bps)).toMatch(/^\d+(\.\d{1,2})? %$/)
})

test("a stranger's text cannot move the cursor, colour the line or turn its direction", () => {
  expect(plain('a\x1b[31mb\u202ec\u200bd\re\nf')).toBe('a[31mbcde f')
})

test('columns stand under one another, amounts to the right', () => {
  expect(
    formatTable([
      ['owner', '8.900000 tUSD', 'x'],
      ['a', '10.000000 tUSD', ''],
    ]),
  ).toEqual(['owner   8.900000 tUSD  x', 'a      10.000000 tUSD'])
})

test('a hash is shown by its ends', () => {
  expect(shorten('0x70997970C51812dc3A010C7d01b50e0d17dc79C8')).toBe('0x709979…79C8')
  expect(shorten('0x1234')).toBe('0x1234')
})
