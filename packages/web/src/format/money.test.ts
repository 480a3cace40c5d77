import { describe, expect, test } from 'vitest'
import { formatAmount, formatBps, formatInteger, formatMoney, formatShare, parseAmount, parsePercent } from './money.js'

describe('formatAmount', () => {
  test.each([
    [0n, 6, '0.00'],
    [1n, 6, '0.000001'],
    [10_000_000n, 6, '10.00'],
    [100_000n, 6, '0.10'],
    [1_234_567_890_123n, 6, '1,234,567.890123'],
    [-1_500_000n, 6, '−1.50'],
    [5n, 0, '5'],
    [1234n, 0, '1,234'],
    [7n, 1, '0.7'],
    [1n, 18, '0.000000000000000001'],
    [10n ** 77n, 6, `100${',000'.repeat(23)}.00`],
  ])('%s base units with %s decimals are %s', (units, decimals, expected) => {
    expect(formatAmount(units, decimals)).toBe(expected)
  })

  test('loses no digit of any amount', () => {
    for (const decimals of [0, 1, 2, 6, 18, 27]) {
      for (let digits = 1; digits <= 78; digits++) {
        const units = BigInt('123456789'.repeat(9).slice(0, digits))
        const [whole = '', fraction = ''] = formatAmount(units, decimals).replaceAll(',', '').split('.')
        expect(BigInt(whole + fraction.padEnd(decimals, '0'))).toBe(units)
      }
    }
  })
})

test('money always carries its unit', () => {
  expect(formatMoney(8_900_000n, { symbol: 'tUSD', decimals: 6 })).toBe('8.90\u00a0tUSD')
})

test('rates are exact', () => {
  expect([0, 1, 10, 125, 1000, 10_000].map(formatBps)).toEqual(
    ['0', '0.01', '0.1', '1.25', '10', '100'].map((value) => `${value}\u00a0%`),
  )
})

test('a share is cut, never rounded up', () => {
  expect(formatShare(2n, 3n)).toBe('66.66\u00a0%')
  expect(formatShare(1n, 10n ** 9n)).toBe('<\u00a00.01\u00a0%')
  expect(formatShare(0n, 0n)).toBe('0\u00a0%')
})

test('integers are grouped by three', () => {
  expect([0n, 999n, 1000n, 8000n, 1_000_000n].map(formatInteger)).toEqual(['0', '999', '1,000', '8,000', '1,000,000'])
})

test('what is typed is read exactly, or not at all', () => {
  expect(
    ['10', '10.5', ' 1,234.000001 ', '0', '0.0000001', '1.', '.5', '-1', '1e3', ''].map((text) => parseAmount(text, 6)),
  ).toEqual([10_000_000n, 10_500_000n, 1_234_000_001n, 0n, ...Array(6).fill(undefined)])
  for (const units of [0n, 1n, 999_999n, 10n ** 30n]) expect(parseAmount(formatAmount(units, 6), 6)).toBe(units)
  expect(['10', '12.5 %', '0.01', '100', '100.01', '0.001'].map(parsePercent)).toEqual([
    1_000,
    1_250,
    1,
    10_000,
    undefined,
    undefined,
  ])
})
