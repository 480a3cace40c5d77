import type { Offer } from '@agorai/core'
import { formatMoney } from '../../format/money.js'

/** Open offers, cheapest first; offers of equal price in the order they were listed. */
export function openOffers(offers: readonly Offer[]): Offer[] {
  return offers
    .filter((offer) => offer.open)
    .sort((a, b) => compare(BigInt(a.price), BigInt(b.price)) || compare(BigInt(a.id), BigInt(b.id)))
}

/** What a card says of the price: `10.00 tUSD`, `from 10.00 tUSD`, `Free`, or `Not for sale`. */
export function priceLabel(offers: readonly Offer[]): string {
  const open = openOffers(offers)
  const cheapest = open[0]
  if (cheapest === undefined) return 'Not for sale'
  const price = BigInt(cheapest.price) === 0n ? 'Free' : formatMoney(BigInt(cheapest.price), cheapest.token)
  return open.length === 1 ? price : `from ${price}`
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
