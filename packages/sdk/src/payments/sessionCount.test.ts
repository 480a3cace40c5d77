import { expect, test } from 'vitest'
import { assertCounted, leastOf } from './sessionCount.js'

const kept = { session: 's', channel: '0x01', ceiling: 100n, charged: 30n, unsure: 10n, shared: false } as const

test('an operator may say what the calls came to and may still come to, and no unit more', () => {
  assertCounted(kept, 35n, 5n)
  expect(() => assertCounted(kept, 36n, 5n)).toThrow(expect.objectContaining({ code: 'overcharged' }))
})

test('of a session that others call on, the ceiling is the most', () => {
  assertCounted({ ...kept, shared: true }, 100n, 0n)
  expect(() => assertCounted({ ...kept, shared: true }, 101n, 0n)).toThrow('above its ceiling of 100')
})

test('what nobody paid for is not counted in money, and what is not certain is not signed for', () => {
  assertCounted({ ...kept, channel: undefined }, 1_000n, 0n)
  expect(leastOf(kept)).toBe(20n)
})
