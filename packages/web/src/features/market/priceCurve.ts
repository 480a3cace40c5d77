import { exclusivePrice, type Offer, priceOf, quantityMax } from '@agorai/core'

/** The offer as the market's own arithmetic takes it. */
export function quote(offer: Offer, quantity: number, now: bigint): bigint {
  const listedAt = offer.listedAt === null ? null : BigInt(offer.listedAt)
  return priceOf({ ...offer, price: BigInt(offer.price), listedAt }, quantity, now)
}

/** A corner of the price by days: between two corners the total is a straight line and a day costs the same. */
export type CurveCorner = {
  days: number
  /** Base units for so many days. */
  total: bigint
  /** Base units of the day that follows. */
  daily: bigint
}

/** What 0 to `daysMax` days cost: the first and last day, and every day at which a bracket begins. */
export function priceCurve(offer: Offer, daysMax: number): CurveCorner[] {
  const begins = offer.brackets.map(({ fromDay }) => fromDay).filter((day) => day < daysMax)
  const price = BigInt(offer.price)
  const rateAt = (day: number) => offer.brackets.findLast(({ fromDay }) => fromDay <= day)?.bps ?? 10_000
  return [0, ...begins, daysMax].map((days) => ({
    days,
    total: days === 0 ? 0n : quote(offer, days, 0n),
    daily: (price * BigInt(rateAt(days))) / 10_000n,
  }))
}

const ranges = [30, 90, 365, 1_095, quantityMax]

/** How many days a plot shows, so that the choice and the last bracket stand inside it. */
export function plottedDays(offer: Offer, chosen: number): number {
  const last = offer.brackets.at(-1)?.fromDay ?? 0
  return ranges.find((range) => range >= chosen && range > last) ?? quantityMax
}

const hourSeconds = 3_600
/** ⌈24 · log2 10⌉: after so many hours the price is the reserve. */
export const fallHours = 80

/** What an exclusive offer costs, hour by hour from its listing to its reserve. */
export function fallingPrice(offer: Offer, stepHours = 2): { hours: number; price: bigint }[] {
  return Array.from({ length: Math.floor(fallHours / stepHours) + 1 }, (_, step) => {
    const hours = step * stepHours
    return { hours, price: exclusivePrice(BigInt(offer.price), BigInt(hours * hourSeconds)) }
  })
}
