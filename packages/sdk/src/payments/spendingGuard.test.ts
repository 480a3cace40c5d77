import { isAgoraiError } from '@agorai/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lesser } from './sessionCeiling.js'
import { createSpendingGuard, createSpendingMemory } from './spendingGuard.js'

const token = '0x00000000000000000000000000000000000000aa'
const operator = '0x00000000000000000000000000000000000000bb'
const payment = { token, asset: 7n, operator, amount: 4n } as const
const spentIn = async (store: ReturnType<typeof createSpendingMemory>) => (await store.update((kept) => kept)).total

test('what the second policy refuses is not counted by the first', async () => {
  const [own, mandated] = [createSpendingMemory(), createSpendingMemory()]
  const guard = createSpendingGuard([
    { policy: { token, perDayMax: 100n }, store: own },
    { policy: { token, perDayMax: 5n }, store: mandated },
  ])
  const first = await guard.reserve(payment)
  await expect(guard.reserve(payment)).rejects.toMatchObject({ code: 'policy_refused', field: 'perDayMax' })
  expect([await spentIn(own), await spentIn(mandated)]).toEqual([4n, 4n])
  await first.settle(1n)
  await first.settle(0n)
  expect([await spentIn(own), await spentIn(mandated)]).toEqual([1n, 1n])
})

test('without a policy everything is allowed', async () => {
  const { settle } = await createSpendingGuard([]).reserve({ ...payment, amount: 10n ** 30n })
  await settle(0n)
})

test('calls at the same time do not spend the same rest', async () => {
  const step = fc.record({ amount: fc.bigInt({ min: 0n, max: 6n }), used: fc.bigInt({ min: 0n, max: 6n }) })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 8 }), async (rounds) => {
      const store = createSpendingMemory()
      const guard = createSpendingGuard([{ policy: { token, perCallMax: 5n, totalMax: 20n }, store }], () => 86_400)
      let spent = 0n
      for (const round of rounds) {
        const taken = await Promise.all(
          round.map(async ({ amount, used }) => {
            try {
              const reservation = await guard.reserve({ ...payment, amount })
              return { amount, reservation, used: lesser(used, amount) }
            } catch (error) {
              expect(isAgoraiError(error, 'policy_refused')).toBe(true)
              return undefined
            }
          }),
        )
        const out = taken.filter((each) => each !== undefined)
        expect(spent + out.reduce((sum, { amount }) => sum + amount, 0n) <= 20n).toBe(true)
        await Promise.all(out.map(({ reservation, used }) => reservation.settle(used)))
        spent += out.reduce((sum, { used }) => sum + used, 0n)
      }
      expect(await spentIn(store)).toBe(spent)
    }),
    { numRuns: 100 },
  )
})
