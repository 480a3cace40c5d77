import { expect, test } from 'vitest'
import { priceBundle } from './bundles.js'
import { testOffer } from './testOffer.js'

const other = { ...testOffer, id: '65536', asset: '1', price: '333', timed: true }
const at = { days: 30, now: 0 }

test('every member costs its own price less the discount, cut to whole units', () => {
  const priced = priceBundle([testOffer, other], 1_500, at)
  expect(priced?.members.map(({ alone, price }) => [alone, price])).toEqual([
    [10_000_000n, 8_500_000n],
    [9_990n, 8_491n],
  ])
  expect(priced).toMatchObject({ alone: 10_009_990n, price: 8_508_491n })
})

test('there is no price before every offer is known, nor over several tokens', () => {
  expect(priceBundle([testOffer, undefined], 0, at)).toBeUndefined()
  expect(priceBundle([], 0, at)).toBeUndefined()
  const euros = { ...other, token: { ...other.token, address: '0x0000000000000000000000000000000000000009' as const } }
  expect(priceBundle([testOffer, euros], 0, at)).toBeUndefined()
  expect(priceBundle([testOffer, { ...euros, price: '0' }], 0, at)?.price).toBe(10_000_000n)
})
