import { bundlePrice, type Offer } from '@agorai/core'
import { formOf } from './offers.js'
import { quote } from './priceCurve.js'

/** One offer of a bundle, and what it costs in it. */
export type BundleMember = { offer: Offer; alone: bigint; price: bigint }

/**
 * What each offer of a bundle costs: its own price less the discount, so that every asset's share of the whole is that of
 * its price alone. Undefined while an offer is not known, or when they are not all of one token: then there is no one sum.
 */
export function priceBundle(
  offers: readonly (Offer | undefined)[],
  discountBps: number,
  { days, now }: { days: number; now: number },
): { members: BundleMember[]; alone: bigint; price: bigint } | undefined {
  const known = offers.filter((offer) => offer !== undefined)
  const tokens = known.filter(({ price }) => BigInt(price) > 0n).map(({ token }) => token.address.toLowerCase())
  if (known.length === 0 || known.length < offers.length || new Set(tokens).size > 1) return undefined
  const members = known.map((offer) => {
    const alone = quote(offer, formOf(offer) === 'timed' ? days : 1, BigInt(now))
    return { offer, alone, price: bundlePrice(alone, discountBps) }
  })
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n)
  return {
    members,
    alone: sum(members.map(({ alone }) => alone)),
    price: sum(members.map(({ price }) => price)),
  }
}
