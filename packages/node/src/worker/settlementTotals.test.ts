import fc from 'fast-check'
import { expect, test } from 'vitest'
import { versionsOf } from './settlementBook.js'
import { partsToPay } from './settlementTotals.js'

const charges = fc.array(fc.record({ version: fc.bigInt(1n, 3n), amount: fc.bigInt(1n, 9n) }), { maxLength: 12 })

test('versions of a channel sum to what was claimed, and none ever falls', () => {
  fc.assert(
    fc.property(charges, fc.bigInt(0n, 120n), fc.bigInt(0n, 20n), (parts, claimed, more) => {
      let to = 0n
      const runs = parts.map(({ version, amount }) => {
        to += amount
        return { version, to, at: 0 }
      })
      const before = versionsOf({ runs }, claimed)
      const after = versionsOf({ runs }, claimed + more)
      const sum = [...before.values()].reduce((total, amount) => total + amount, 0n)
      expect(sum).toBe(runs.length === 0 ? 0n : claimed)
      for (const [version, amount] of before) expect(after.get(version)).toBeGreaterThanOrEqual(amount)
    }),
  )
})

test('what is paid is what is pending, and no version is paid nothing', () => {
  const totals = fc.uniqueArray(fc.record({ version: fc.bigInt(1n, 9n), total: fc.bigInt(1n, 50n) }), {
    selector: ({ version }) => version,
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(totals, totals, fc.bigInt(1n, 100n), (sums, paid, pending) => {
      const ascending = sums.toSorted((first, second) => (first.version < second.version ? -1 : 1))
      const before = new Map(paid.map(({ version, total }) => [version, total]))
      const { parts, unknown } = partsToPay(ascending, before, pending)
      expect(parts.every(({ amount }) => amount > 0n)).toBe(true)
      expect(parts.reduce((sum, { amount }) => sum + amount, 0n)).toBe(pending)
      const places = parts.map(({ version }) => version)
      expect(places).toEqual(places.toSorted((first, second) => (first < second ? -1 : 1)))
      // Where the journal explains all that is pending, nobody has more than its sum.
      const after = new Map(parts.map(({ version, amount }) => [version, (before.get(version) ?? 0n) + amount]))
      if (unknown === 0n) for (const { version, total } of sums) expect((after.get(version) ?? 0n) <= total).toBe(true)
    }),
    // One unit that the journal does not explain.
    { examples: [[[{ version: 1n, total: 5n }], [{ version: 1n, total: 5n }], 1n]] },
  )
})
