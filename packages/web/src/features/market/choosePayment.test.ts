import { expect, test } from 'vitest'
import { choosePayment } from './choosePayment.js'
import { testOffer } from './testOffer.js'

test('one transaction where the token can, two where it cannot, none to pay for where it is free', () => {
  const every = { authorization: true, permit: true }
  expect(choosePayment(testOffer, every)).toBe('authorization')
  expect(choosePayment(testOffer, { ...every, authorization: false })).toBe('permit')
  expect(choosePayment(testOffer, { authorization: false, permit: false })).toBe('allowance')
  expect(choosePayment({ ...testOffer, usage: 'exclusive' }, every)).toBe('permit')
  expect(choosePayment({ ...testOffer, usage: 'exclusive' }, { authorization: true, permit: false })).toBe('allowance')
  expect(choosePayment({ ...testOffer, price: '0' }, every)).toBe('allowance')
})
