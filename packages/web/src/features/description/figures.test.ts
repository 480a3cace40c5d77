import { describe, expect, test } from 'vitest'
import { barsOf, byInterest, formatFigure, formatPart, formatValue, showValue } from './figures.js'

describe('figures', () => {
  test.each([
    [0, '0'],
    [8000, '8,000'],
    [37.666667, '37.667'],
    [-0.000123456, '-0.00012346'],
    [1e-9, '1.000e-9'],
    [1e21, '1.000e+21'],
  ])('%d', (value, words) => expect(formatFigure(value)).toBe(words))

  test.each([
    ['date', Date.UTC(1843, 6, 10) / 1000, '1843-07-10'],
    ['date', 1e14, '100,000,000,000,000'],
    ['boolean', 1, 'true'],
    ['string', 12, '12'],
  ] as const)('%s %d', (type, value, words) => expect(formatValue(value, type)).toBe(words))

  test.each([
    [0, 0, '0\u00a0%'],
    [0, 9, '0\u00a0%'],
    [1, 100_000, '0.1\u00a0%'],
    [99_999, 100_000, '99.9\u00a0%'],
    [1, 3, '33.3\u00a0%'],
    [9, 9, '100\u00a0%'],
  ])('%d of %d', (part, whole, words) => expect(formatPart(part, whole)).toBe(words))
})

test('bars say what they are of', () => {
  expect(barsOf({ from: -0.5, to: 1.5, counts: [3, 4] }, 'boolean')).toEqual([
    { range: 'false', count: 3 },
    { range: 'true', count: 4 },
  ])
  expect(barsOf({ from: 0, to: 10, counts: [1, 2] }, 'number')).toEqual([
    { range: '0 to 5', count: 1 },
    { range: '5 to 10', count: 2 },
  ])
  expect(barsOf({ from: 7, to: 7, counts: [5] }, 'number')).toEqual([{ range: '7', count: 5 }])
})

test('columns of one value come last', () => {
  const column = (name: string, distinct: number) => ({ name, type: 'integer' as const, nulls: 0, distinct })
  const names = byInterest([column('a', 1), column('b', 4), column('c', 0), column('d', 2)]).map(({ name }) => name)
  expect(names).toEqual(['b', 'd', 'a', 'c'])
})

test('values of a row are one line', () => {
  expect([undefined, null, 'x', 3, { a: [1] }].map(showValue)).toEqual(['', '', 'x', '3', '{"a":[1]}'])
})
