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
