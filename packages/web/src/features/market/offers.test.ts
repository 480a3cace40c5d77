import type { Offer } from '@agorai/core'
import { expect, test } from 'vitest'
import { describeOffer, openOffers, priceLabel, refundWords } from './offers.js'
import { testOffer } from './testOffer.js'

const offer = (id: string, price: string, changes: Partial<Offer> = {}): Offer => ({
  ...testOffer,
  id,
  price,
  ...changes,
})
const plain = (words: string) => words.replaceAll('\u00a0', ' ')

test('the cheapest open offer of each form comes first, prices compared as numbers', () => {
  const offers = [
    offer('131072', '10000000'),
    offer('131073', '9000000'),
    offer('131074', '1', { open: false }),
    offer('131075', '1', { usage: 'exclusive', listedAt: 1 }),
    offer('131076', '1', { timed: true }),
  ]
  expect(openOffers(offers).map(({ id }) => id)).toEqual(['131073', '131072', '131076', '131075'])
})

test('a price says its unit, that it is by the day, that it is one of several, or that there is none', () => {
  const label = (...offers: Offer[]) => plain(priceLabel(offers))
  expect(label(offer('1', '10000000'))).toBe('10.00 tUSD')
  expect(label(offer('1', '10000000'), offer('2', '2500000'))).toBe('from 2.50 tUSD')
  expect(label(offer('1', '250000', { timed: true }))).toBe('0.25 tUSD a day')
  expect(label(offer('1', '20000000'), offer('2', '500000', { timed: true }))).toBe('from 0.50 tUSD a day')
  const other = { ...testOffer.token, address: `0x${'22'.repeat(20)}` as const }
  expect(label(offer('1', '20000000'), offer('2', '500000', { token: other, timed: true }))).toBe('from 20.00 tUSD')
  expect(label(offer('1', '5000000', { usage: 'exclusive', listedAt: 1 }))).toBe('5.00 tUSD or more')
  expect(label(offer('1', '0'))).toBe('Free')
  expect(label(offer('1', '0', { timed: true }))).toBe('Free')
  expect(label(offer('1', '10000000', { open: false }))).toBe('Not for sale')
})

test('an offer says how long, whether it goes back, to whom it may go, and who may buy', () => {
  const words = (changes: Partial<Offer>) => describeOffer(offer('1', '1', changes)).map(plain)
  expect(words({})).toEqual([
    'You may run it to make predictions.',
    'The pass does not expire.',
    'The sale is final.',
    'It stays with the account that holds it.',
  ])
  expect(words({ refundHours: 48, transferable: true, gate: `0x${'11'.repeat(32)}` })).toEqual([
    'You may run it to make predictions.',
    'The pass does not expire.',
    'It may be given back for its whole price within 2 days, no questions.',
    'You may pass it on to another account.',
    'Only accounts on the seller’s list may buy it.',
  ])
  expect(words({ timed: true, brackets: [{ fromDay: 7, bps: 8000 }] })).toContain(
    'A longer stay is cheaper by the day: from day 8 on 80 % of that price.',
  )
  expect(words({ usage: 'exclusive', listedAt: 1 }).join(' ')).toContain('No other pass is ever sold after it')
})

test('a refund window is said in days where it is whole days', () => {
  expect([0, 1, 24, 30, 72].map(refundWords).map(plain)).toEqual([
    'The sale is final.',
    'It may be given back for its whole price within 1 hour, no questions.',
    'It may be given back for its whole price within 1 day, no questions.',
    'It may be given back for its whole price within 30 hours, no questions.',
    'It may be given back for its whole price within 3 days, no questions.',
  ])
})
