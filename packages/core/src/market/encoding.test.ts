import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assetOfOffer, decodeOfferFlags, encodeOfferFlags, offerIdOf } from './encoding.js'

test('an offer id holds its asset and index', () => {
  expect(offerIdOf(7n, 3)).toBe(458_755n)
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 240n - 1n }), fc.integer({ min: 0, max: 65_535 }), (asset, index) => {
      const offerId = offerIdOf(asset, index)
      expect(assetOfOffer(offerId)).toBe(asset)
      expect(offerId & 0xffffn).toBe(BigInt(index))
    }),
  )
})

test.each([
  [1n, -1, 'index'],
  [1n, 65_536, 'index'],
  [1n, 0.5, 'index'],
  [1n, Number.NaN, 'index'],
  [-1n, 0, 'asset'],
])('asset %s with index %s is refused', (asset, index, field) => {
  expect(() => offerIdOf(asset, index)).toThrow(expect.objectContaining({ code: 'invalid_request', field }))
})

test.each([
  [0, { timed: false, transferable: false }],
  [1, { timed: true, transferable: false }],
  [2, { timed: false, transferable: true }],
  [3, { timed: true, transferable: true }],
])('flags %i are %o', (flags, said) => {
  expect(encodeOfferFlags(said)).toBe(flags)
  expect(decodeOfferFlags(flags)).toEqual(said)
})
