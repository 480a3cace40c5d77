import { expect, test } from 'vitest'
import { depositFor } from './depositFor.js'

const depositOf = (minDeposit: unknown, more: { wished?: bigint; missing?: bigint; funds?: bigint } = {}) =>
  depositFor({
    requirements: { amount: '100', extra: { minDeposit } },
    ...{ wished: undefined, missing: 100n, funds: 10n ** 12n, ...more },
  })

test('a deposit is for ten requests, or what the operator takes at least', () => {
  expect(depositOf(undefined)).toBe(1_000n)
  expect(depositOf('500')).toBe(1_000n)
  expect(depositOf('10000')).toBe(10_000n)
  expect(depositOf('10000', { wished: 200n })).toBe(10_000n)
  expect(depositOf('150', { wished: 200n })).toBe(200n)
})

test('a deposit is never less than what is missing, nor more than what is there if that is enough', () => {
  expect(depositOf('10000', { missing: 20_000n })).toBe(20_000n)
  expect(depositOf(undefined, { funds: 999n })).toBe(100n)
})

test.each(['1000001', '1e3', '', '-1', '0x10', 5_000, null])('a least deposit of %j is not followed', (minDeposit) => {
  expect(depositOf(minDeposit)).toBe(1_000n)
})
