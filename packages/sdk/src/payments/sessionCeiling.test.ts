import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ceilingFor, createRate, greater } from './sessionCeiling.js'

const budget = 10n ** 12n

test('little is open while little is spent, and a minute of it while much is', () => {
  const session = { charged: 1_000n, reserved: 10n, needed: 10n, openMax: 1_000_000n, budget }
  expect(ceilingFor({ ...session, perMinute: 0n })).toBe(1_080n)
  expect(ceilingFor({ ...session, perMinute: 50_000n })).toBe(51_000n)
  expect(ceilingFor({ ...session, perMinute: 9_000_000n })).toBe(1_001_000n)
})

test('what is under way fits, no more than the limit is open besides, and the budget is never exceeded', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 7n })
  const parts = fc.record({ charged: amount, more: amount, needed: amount, perMinute: amount, openMax: amount })
  fc.assert(
    fc.property(parts, amount, ({ more, ...session }, limit) => {
      const reserved = session.needed + more
      const ceiling = ceilingFor({ ...session, reserved, budget })
      expect(ceiling >= session.charged + reserved).toBe(true)
      const openMax = greater(session.openMax, reserved)
      expect(ceiling <= session.charged + openMax).toBe(true)
      expect(ceilingFor({ ...session, reserved, budget: limit }) <= limit).toBe(true)
    }),
  )
})

test('the rate is that of the last minute, and a burst at the start counts as ten seconds', () => {
  let now = 0
  const rate = createRate(() => now)
  now = 1_000
  rate.add(100n)
  expect(rate.perMinute()).toBe(600n)
  now = 60_000
  expect(rate.perMinute()).toBe(100n)
  now = 61_001
  expect(rate.perMinute()).toBe(0n)
})
