import { expect, test } from 'vitest'
import { parseAmount, parseId } from './command.js'

test.each([
  ['10', 6, 10_000_000n],
  ['0', 6, 0n],
  ['9.5', 6, 9_500_000n],
  ['0.000001', 6, 1n],
  ['7', 0, 7n],
  ['123456789012345678901234567890.123456789012345678', 18, 123456789012345678901234567890123456789012345678n],
])('%s with %i decimals is exact', (text, decimals, amount) => {
  expect(parseAmount(text, decimals)).toBe(amount)
})

test.each(['', '-1', '1e3', '0x10', '1,5', '.5', '5.', '01', ' 1', '1.0000001', 'NaN', '٣'])(
  '%j is no amount',
  (text) => {
    expect(() => parseAmount(text, 6)).toThrowError(
      expect.objectContaining({ code: 'invalid_request', field: 'amount' }),
    )
  },
)

test.each(['', '-1', '01', '1.0', '0x1', '1 ', '9'.repeat(79)])('%j is no id', (text) => {
  expect(() => parseId(text, 'asset')).toThrowError(
    expect.objectContaining({ code: 'invalid_request', field: 'asset' }),
  )
})
