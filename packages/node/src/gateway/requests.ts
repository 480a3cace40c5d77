import { AgoraiError } from '@agorai/core'
import { type Address, getAddress, isAddressEqual } from 'viem'

const lifetimeSecondsMax = 3_600
/** Clocks differ by a little. */
const skewSeconds = 60

/**
 * @param expiry Unix seconds.
 * @throws AgoraiError `request_expired`, also for one that would live too long.
 */
export function assertExpiry(expiry: bigint, nowMs: number = Date.now()): void {
  const now = BigInt(Math.floor(nowMs / 1000))
  if (expiry > now && expiry <= now + BigInt(lifetimeSecondsMax + skewSeconds)) return
  throw new AgoraiError('request_expired', `It is ${now} here; a request expires at most one hour ahead.`, {
    field: 'request.expiry',
  })
}

/** @throws AgoraiError `wrong_operator` */
export function assertOperator(named: Address, own: Address): void {
  if (isAddressEqual(getAddress(named), own)) return
  throw new AgoraiError('wrong_operator', `This operator is ${own}.`, { field: 'request.operator' })
}
