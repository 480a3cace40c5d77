import type { AssetSummary, Offer } from '@agorai/core'
import { formatBps, formatMoney } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { usageWords } from './usages.js'

/** How an offer is sold. */
export type OfferForm = 'perpetual' | 'timed' | 'exclusive'

export const formOf = ({ timed, usage }: Pick<Offer, 'timed' | 'usage'>): OfferForm =>
  usage === 'exclusive' ? 'exclusive' : timed ? 'timed' : 'perpetual'

const forms: readonly OfferForm[] = ['perpetual', 'timed', 'exclusive']

/** Whether nothing more is ever sold of an asset as it stands, whatever offers it has. */
export const isEnded = (asset: Pick<AssetSummary, 'retired' | 'soldExclusively' | 'version'>): boolean =>
  asset.retired || asset.soldExclusively || asset.version.erased

/** Open offers: perpetual ones, then those by the day, then exclusive ones; the cheapest of each form first. */
export function openOffers(offers: readonly Offer[]): Offer[] {
  return offers
    .filter((offer) => offer.open)
    .sort(
      (a, b) =>
        forms.indexOf(formOf(a)) - forms.indexOf(formOf(b)) ||
        compare(BigInt(a.price), BigInt(b.price)) ||
        compare(BigInt(a.id), BigInt(b.id)),
    )
}

/** A listed price with its unit: `10.00 tUSD`, `1.00 tUSD a day`, `Free`. Of an exclusive offer it is the reserve. */
export function priceWords(offer: Offer): string {
  const money = BigInt(offer.price) === 0n ? 'Free' : formatMoney(BigInt(offer.price), offer.token)
  const form = formOf(offer)
  return form === 'timed' && money !== 'Free' ? `${money} a day` : form === 'exclusive' ? `${money} or more` : money
}

/** The open offer that asks least at once, a day's price counting as it is; of the token of the first one. */
export function cheapestOffer(offers: readonly Offer[]): Offer | undefined {
  const open = openOffers(offers)
  return open
    .filter(({ token }) => token.address === open[0]?.token.address)
    .reduce<Offer | undefined>(
      (low, offer) => (low && BigInt(low.price) <= BigInt(offer.price) ? low : offer),
      undefined,
    )
}

/** What a card says of the price, of the cheapest of several: `from 0.50 tUSD a day`, or `Not for sale`. */
export function priceLabel(offers: readonly Offer[]): string {
  const cheapest = cheapestOffer(offers)
  if (cheapest === undefined) return 'Not for sale'
  return openOffers(offers).length === 1 ? priceWords(cheapest) : `from ${priceWords(cheapest)}`
}

/** Everything that a buyer should know of an offer beside its price, a sentence each. */
export function describeOffer(offer: Offer): string[] {
  const { allows } = usageWords[offer.usage]
  const rules = {
    perpetual: ['The pass does not expire.', refundWords(offer.refundHours)],
    timed: [
      'The pass runs for the days that you choose.',
      'Days that have not begun may be given back at any time.',
      ...bracketWords(offer),
    ],
    exclusive: [
      'The pass does not expire. No other pass is ever sold after it; those sold before run on.',
      'The price halves every 24 hours until it reaches the reserve.',
      refundWords(0),
    ],
  }
  return [
    `You may ${allows}.`,
    ...rules[formOf(offer)],
    offer.transferable ? 'You may pass it on to another account.' : 'It stays with the account that holds it.',
    ...(offer.gate === null ? [] : ['Only accounts on the seller’s list may buy it.']),
  ]
}

/** Whether, and how long, a perpetual pass may be given back. */
export function refundWords(hours: number): string {
  if (hours === 0) return 'The sale is final.'
  const time = hours % 24 === 0 ? formatCount(hours / 24, 'day') : formatCount(hours, 'hour')
  return `It may be given back for its whole price within ${time}, no questions.`
}

function bracketWords({ brackets }: Offer): string[] {
  if (brackets.length === 0) return []
  const steps = brackets.map(({ fromDay, bps }) => `from day ${fromDay + 1} on ${formatBps(bps)}`)
  return [`A longer stay is cheaper by the day: ${steps.join(', ')} of that price.`]
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
