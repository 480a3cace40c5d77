import { AgoraiError } from '../errors/AgoraiError.js'

/** What a pass allows its holder to do, in the order of `IAccessMarket.Usage`. */
export const usages = ['evaluation', 'personal', 'internal', 'inference', 'train', 'redistribute', 'exclusive'] as const
export type Usage = (typeof usages)[number]

const indexBits = 16n

/**
 * The id of an asset's offer: `asset << 16 | index`.
 *
 * @param index Which of the asset's offers, 0 to 65,535.
 * @throws AgoraiError `invalid_request`
 */
export function offerIdOf(asset: bigint, index: number): bigint {
  if (asset < 0n) throw new AgoraiError('invalid_request', 'An asset id is not negative.', { field: 'asset' })
  if (!Number.isInteger(index) || index < 0 || index > 0xffff)
    throw new AgoraiError('invalid_request', 'An offer index is between 0 and 65,535.', { field: 'index' })
  return (asset << indexBits) | BigInt(index)
}

/** The asset that an offer is of. */
export const assetOfOffer = (offerId: bigint): bigint => offerId >> indexBits

/** The expiry of a perpetual pass. */
export const perpetualExpiry = 2n ** 40n - 1n

/** Most days of a timed pass, and most brackets of its price. */
export const quantityMax = 3_650
export const bracketsMax = 3

/** From day `fromDay` of a purchase on, a day costs `bps` of the price. */
export type Bracket = { fromDay: number; bps: number }

const flagOf = { timed: 1, transferable: 2 } as const

/** The flags of an offer, as the market takes them. */
export const encodeOfferFlags = ({ timed, transferable }: { timed: boolean; transferable: boolean }): number =>
  (timed ? flagOf.timed : 0) + (transferable ? flagOf.transferable : 0)

/** The flags of an offer, as the market gives them. */
export const decodeOfferFlags = (flags: number): { timed: boolean; transferable: boolean } => ({
  timed: (flags & flagOf.timed) !== 0,
  transferable: (flags & flagOf.transferable) !== 0,
})
