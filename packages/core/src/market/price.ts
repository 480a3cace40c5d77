import { AgoraiError } from '../errors/AgoraiError.js'
import { type Bracket, quantityMax, type Usage } from './encoding.js'

/** What decides the price of an offer. */
export type PricedOffer = {
  /** Base units: of a perpetual pass, or of one day of a timed one; of an exclusive offer its reserve. */
  price: bigint
  usage: Usage
  timed: boolean
  brackets: readonly Bracket[]
  /** Unix seconds; of an exclusive offer only. */
  listedAt: bigint | null
}

const whole = 10_000n
const wad = 10n ** 18n
const secondsPerDay = 86_400n
/** ln 2, of 10^18. */
const ln2 = 693_147_180_559_945_309n
/** An exclusive offer starts at this multiple of its reserve. */
const startMultiple = 10n

/**
 * The market's price of a purchase now, in base units: the contract's `priceOf`.
 *
 * @param quantity Days of a timed pass; 1 of a perpetual one.
 * @param now Unix seconds of the block that buys.
 * @throws AgoraiError `quantity_invalid`
 */
export function priceOf(offer: PricedOffer, quantity: number, now: bigint): bigint {
  const most = offer.timed ? quantityMax : 1
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > most)
    throw new AgoraiError('quantity_invalid', `The quantity is ${quantity}, at most ${most}.`, { field: 'quantity' })
  if (offer.timed) return (offer.price * daysWeight(offer.brackets, quantity)) / whole
  return offer.usage === 'exclusive' ? exclusivePrice(offer.price, now - (offer.listedAt ?? now)) : offer.price
}

/**
 * V(N): what N days cost together, in ten-thousandths of a day's price. Brackets are marginal, since a discount on the
 * total has a cliff where buying more costs less.
 */
export function daysWeight(brackets: readonly Bracket[], days: number): bigint {
  let [weight, from, bps] = [0, 0, 10_000]
  for (const bracket of brackets) {
    if (bracket.fromDay >= days) break
    weight += (bracket.fromDay - from) * bps
    from = bracket.fromDay
    bps = bracket.bps
  }
  return BigInt(weight + (days - from) * bps)
}

/** max(p, 10·p·2^(−t ∕ 24 h)), `seconds` after the listing: a Dutch auction down to the reserve p. */
export function exclusivePrice(reserve: bigint, seconds: bigint): bigint {
  const decayed = (startMultiple * reserve * expWad((-ln2 * seconds) / secondsPerDay)) / wad
  return decayed > reserve ? decayed : reserve
}

/** What a member of a bundle costs: its own price less the discount, floored. */
export const bundlePrice = (price: bigint, discountBps: number): bigint =>
  (price * (whole - BigInt(discountBps))) / whole

/**
 * e^x, both of 10^18, for x ≤ 0: `FixedPointMathLib.expWad` of Solady (after Remco Bloemen), operation by operation, so
 * that a price shown is the price charged. BigInt's division and shift round as the EVM's sdiv and sar do.
 */
export function expWad(power: bigint): bigint {
  if (power <= -41_446_531_673_892_822_313n) return 0n
  let x = (power << 78n) / 5n ** 18n
  const k = ((x << 96n) / 54_916_777_467_707_473_351_141_471_128n + 2n ** 95n) >> 96n
  x -= k * 54_916_777_467_707_473_351_141_471_128n

  let y = x + 1_346_386_616_545_796_478_920_950_773_328n
  y = ((y * x) >> 96n) + 57_155_421_227_552_351_082_224_309_758_442n
  let p = y + x - 94_201_549_194_550_492_254_356_042_504_812n
  p = ((p * y) >> 96n) + 28_719_021_644_029_726_153_956_944_680_412_240n
  p = p * x + (4_385_272_521_454_847_904_659_076_985_693_276n << 96n)

  let q = x - 2_855_989_394_907_223_263_936_484_059_900n
  q = ((q * x) >> 96n) + 50_020_603_652_535_783_019_961_831_881_945n
  q = ((q * x) >> 96n) - 533_845_033_583_426_703_283_633_433_725_380n
  q = ((q * x) >> 96n) + 3_604_857_256_930_695_427_073_651_918_091_429n
  q = ((q * x) >> 96n) - 14_423_608_567_350_463_180_887_372_962_807_573n
  q = ((q * x) >> 96n) + 26_449_188_498_355_588_339_934_803_723_976_023n

  return ((p / q) * 3_822_833_074_963_236_453_042_738_258_902_158_003_155_416_615_667n) >> (195n - k)
}
