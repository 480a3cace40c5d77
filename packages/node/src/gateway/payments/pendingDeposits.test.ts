import { expect, test } from 'vitest'
import { createPendingDeposits } from './pendingDeposits.js'

test('a deposit is pending until the chain has it, and for ten minutes at most', () => {
  let now = 1_000
  const pending = createPendingDeposits(() => now)
  const late = expect.objectContaining({ code: 'settlement_pending' })
  expect(pending.has('0x01')).toBe(false)
  pending.add('0x01', 5n)
  expect(() => pending.assertMined('0x01', 4n)).toThrowError(late)
  expect(() => pending.assertMined('0x02', 0n)).not.toThrow()
  pending.assertMined('0x01', 5n)
  // What was given back since is not waited for again.
  expect(() => pending.assertMined('0x01', 0n)).not.toThrow()
  pending.add('0x01', 5n)
  now += 599
  expect(() => pending.assertMined('0x01', 4n)).toThrowError(late)
  now += 1
  expect(() => pending.assertMined('0x01', 4n)).not.toThrow()
})
