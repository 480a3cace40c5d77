import { devAccounts, usages } from '@agorai/core'
import { zeroHash } from 'viem'
import { expect, test } from 'vitest'
import { createGate } from './createGate.js'
import { fromOfferTerms, type StatedOffer, toOfferTerms } from './offerTerms.js'

const token = devAccounts[0]?.address ?? '0x'
const plain: StatedOffer = { token, price: 1_000_000n, usage: 'train' }

test('what is not said is the usual: perpetual, final, for everyone, not to be passed on', () => {
  expect(toOfferTerms(plain)).toEqual({
    ...{ token, price: 1_000_000n, usage: 4, flags: 0, refundHours: 0, gate: zeroHash, brackets: [] },
  })
})

test.each<Partial<StatedOffer>>([
  {},
  { timed: true, brackets: [{ fromDay: 7, bps: 9_000 }] },
  { refundHours: 65_535, transferable: true },
  { usage: 'exclusive' },
  { gate: devAccounts.map(({ address }) => address), timed: true },
])('an offer comes back as it was stated: %o', (more) => {
  const stated = { ...plain, ...more }
  const { gate } = stated
  expect(fromOfferTerms(toOfferTerms(stated))).toEqual({
    ...{ timed: false, transferable: false, refundHours: 0, brackets: [], ...stated },
    gate: gate === undefined ? null : createGate(gate as `0x${string}`[]).root,
  })
})

test('a gate may be given by its root', () => {
  const { root } = createGate([token])
  expect(toOfferTerms({ ...plain, gate: root }).gate).toBe(root)
})

test.each<[string, Partial<StatedOffer>]>([
  ['price', { price: -1n }],
  ['refundHours', { refundHours: 1.5 }],
  ['refundHours', { refundHours: 65_536 }],
  ['refundHours', { refundHours: 1, timed: true }],
  ['usage', { usage: 'exclusive', timed: true }],
  ['usage', { usage: 'exclusive', refundHours: 1 }],
  ['price', { usage: 'exclusive', price: 0n }],
  ['transferable', { gate: [token], transferable: true }],
  ['brackets', { brackets: [{ fromDay: 1, bps: 1 }] }],
  ['brackets', { timed: true, brackets: [4, 3, 2, 1].map((bps, place) => ({ fromDay: place + 1, bps })) }],
  ['brackets.0.fromDay', { timed: true, brackets: [{ fromDay: 0, bps: 9_000 }] }],
  ['brackets.0.bps', { timed: true, brackets: [{ fromDay: 1, bps: 10_000 }] }],
  [
    'brackets.1.fromDay',
    {
      timed: true,
      brackets: [
        { fromDay: 5, bps: 9_000 },
        { fromDay: 5, bps: 8_000 },
      ],
    },
  ],
  [
    'brackets.1.bps',
    {
      timed: true,
      brackets: [
        { fromDay: 5, bps: 8_000 },
        { fromDay: 6, bps: 8_000 },
      ],
    },
  ],
])('%s that contradicts the rest is refused: %o', (field, more) => {
  expect(() => toOfferTerms({ ...plain, ...more })).toThrowError(
    expect.objectContaining({ code: 'invalid_request', field }),
  )
})

test('a usage that is not known is not guessed', () => {
  expect(() => fromOfferTerms({ ...toOfferTerms(plain), usage: usages.length })).toThrowError(
    expect.objectContaining({ code: 'internal' }),
  )
})
