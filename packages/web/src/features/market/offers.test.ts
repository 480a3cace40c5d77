import type { Offer } from '@agorai/core'
import { expect, test } from 'vitest'
import { openOffers, priceLabel } from './offers.js'

const token = { address: '0x8394d3c4Dcda61c4009dB1E16d1a54cd43f50001', symbol: 'tUSD', decimals: 6 } as const
const offer = (id: string, price: string, open = true): Offer => ({
  id,
  asset: '2',
  token,
  price,
  usage: 'inference',
  open,
})

test('the cheapest open offer comes first, prices compared as numbers', () => {
  const offers = [offer('131072', '10000000'), offer('131073', '9000000'), offer('131074', '1', false)]
  expect(openOffers(offers).map(({ id }) => id)).toEqual(['131073', '131072'])
})

test('a price says its unit, that it is one of several, or that there is none', () => {
  expect(priceLabel([offer('1', '10000000')])).toBe('10.00\u00a0tUSD')
  expect(priceLabel([offer('1', '10000000'), offer('2', '2500000')])).toBe('from 2.50\u00a0tUSD')
  expect(priceLabel([offer('1', '0')])).toBe('Free')
  expect(priceLabel([offer('1', '10000000', false)])).toBe('Not for sale')
})
