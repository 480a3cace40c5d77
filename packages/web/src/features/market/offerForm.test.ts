import { devAccounts } from '@agorai/core'
import { expect, test } from 'vitest'
import { emptyDraft, type OfferDraft, readDraft } from './offerForm.js'
import { testOffer } from './testOffer.js'

const { token } = testOffer
const read = (changes: Partial<OfferDraft>, freeOnly = false) =>
  readDraft({ ...emptyDraft, price: '10', ...changes }, token, { freeOnly })

test('a draft becomes the offer that it says', () => {
  expect(read({}).offer).toEqual({
    token: token.address,
    price: 10_000_000n,
    usage: 'inference',
    timed: false,
    transferable: false,
    refundHours: 0,
    brackets: [],
  })
  expect(read({ refundHours: '48', transferable: true }).offer).toMatchObject({ refundHours: 48, transferable: true })
  expect(read({ gate: devAccounts[0]?.address ?? '' }).offer).toMatchObject({ gate: [devAccounts[0]?.address] })
  const brackets = [
    { afterDays: '7', percent: '80' },
    { afterDays: '30', percent: '50.5' },
  ]
  expect(read({ form: 'timed', price: '0.25', refundHours: '48', brackets }).offer).toMatchObject({
    price: 250_000n,
    timed: true,
    refundHours: 0,
    brackets: [
      { fromDay: 7, bps: 8_000 },
      { fromDay: 30, bps: 5_050 },
    ],
  })
})

test('what cannot be together is left out: an exclusive sale is perpetual and final', () => {
  const draft = {
    usage: 'exclusive',
    form: 'timed',
    refundHours: '48',
    brackets: [{ afterDays: '1', percent: '1' }],
  } as const
  expect(read(draft).offer).toMatchObject({ timed: false, refundHours: 0, brackets: [] })
})

test.each([
  ['price', { price: '' }],
  ['price', { price: '-1' }],
  ['price', { price: '0.0000001' }],
  ['price', { price: '1234567.1234567' }],
  ['price', { price: '12345678.123456' }],
  ['refundHours', { refundHours: '1.5' }],
  ['gate', { gate: 'alice' }],
  ['gate', { gate: devAccounts[0]?.address ?? '', transferable: true }],
  ['price', { usage: 'exclusive', price: '0' }],
  ['brackets', { form: 'timed', brackets: [{ afterDays: '0', percent: '80' }] }],
  ['brackets', { form: 'timed', brackets: [{ afterDays: '7', percent: '100' }] }],
  ['brackets', { form: 'timed', brackets: [{ afterDays: 'x', percent: '80' }] }],
] as [string, Partial<OfferDraft>][])('%s is refused: %o', (field, changes) => {
  expect(Object.keys(read(changes).errors ?? {})).toEqual([field])
})

test('what may only be given away has no price', () => {
  expect(Object.keys(read({}, true).errors ?? {})).toEqual(['price'])
  expect(read({ price: '0' }, true).offer).toMatchObject({ price: 0n })
})
