import { AgoraiError } from '@agorai/core'
import type { ChannelFunds } from './channelMirror.js'

export type AssertExposureParameters = {
  /** What would have been charged, cumulative. */
  charged: bigint
  funds: ChannelFunds
  /** Base units. */
  owedMax: bigint
  /** Whether the chain may have more claimed than `funds` says. */
  mayBeOld: boolean
}

/**
 * What was charged and is not on the chain yet is the operator's risk, and is capped.
 *
 * @returns Whether it is covered; false asks for a fresh look at the chain.
 * @throws AgoraiError `exposure_exceeded`
 */
export function assertExposure({ charged, funds, owedMax, mayBeOld }: AssertExposureParameters): boolean {
  if (charged - funds.totalClaimed <= owedMax) return true
  if (mayBeOld) return false
  throw new AgoraiError('exposure_exceeded', `The channel may owe ${owedMax} base units until they are claimed.`, {
    details: { owedMax: String(owedMax) },
  })
}
