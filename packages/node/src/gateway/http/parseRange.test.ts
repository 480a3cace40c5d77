import { describe, expect, test } from 'vitest'
import { parseRange } from './parseRange.js'

describe('parseRange', () => {
  test.each([
    [null, undefined],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-', { start: 0, end: 99 }],
    ['bytes=10-19', { start: 10, end: 19 }],
    ['bytes=90-1000', { start: 90, end: 99 }],
    ['bytes=-10', { start: 90, end: 99 }],
    ['bytes=-1000', { start: 0, end: 99 }],
  ])('%s', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected)
  })

  test.each([
    'bytes=100-',
    'bytes=100-200',
    'bytes=20-10',
    'bytes=-0',
    'bytes=-',
    'bytes=0-1,5-6',
    `bytes=${'0-,'.repeat(1_000)}0-`,
    'items=0-1',
    'bytes=a-b',
    'bytes= 0-1',
    'bytes=0-9999999999999999',
    '',
  ])('refuses %s', (header) => {
    expect(() => parseRange(header, 100)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }))
  })

  test('an empty content has no range', () => {
    expect(() => parseRange('bytes=0-', 0)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }))
  })
})
