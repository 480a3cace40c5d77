import { AgoraiError } from '../errors/AgoraiError.js'
import { perpetualExpiry, quantityMax } from './encoding.js'
import { accrualDaysMax, changeRate, dayOf, earn, type Stream, secondsPerDay } from './stream.js'

/** What a holder has of one offer, as the market keeps it; times in unix seconds. */
export type PassState = {
  /** Purchases made so far; the next one's nonce. */
  purchases: number
  grantedAt: bigint
  /** It holds before this second; `perpetualExpiry`, or 0 when there is none. */
  expiry: bigint
  /** Until then a perpetual pass may be given back; 0 when it is final. */
  refundUntil: bigint
  /** What waits in the market: of a perpetual pass its price, of a timed one its price per day. */
  amount: bigint
}

export const emptyPass: PassState = { purchases: 0, grantedAt: 0n, expiry: 0n, refundUntil: 0n, amount: 0n }

/** Whether the pass opens anything now. */
export const isRunning = (pass: PassState, now: bigint): boolean => pass.expiry > now

/** Whole days of a timed pass that have not begun. */
export const daysLeft = (pass: PassState, now: bigint): bigint =>
  isRunning(pass, now) ? (pass.expiry - now) / secondsPerDay : 0n

/** What `refund` would return now; 0 when it would be refused. */
export function refundableOf(pass: PassState, now: bigint): bigint {
  if (pass.expiry === perpetualExpiry) return now < pass.refundUntil ? pass.amount : 0n
  return daysLeft(pass, now) * pass.amount
}

/**
 * Grants a perpetual pass. What may go back waits; a free or final one has nothing waiting.
 *
 * @throws AgoraiError `pass_held`
 */
export function grantPerpetual(
  pass: PassState,
  { now, amount, refundHours }: { now: bigint; amount: bigint; refundHours: number },
): PassState {
  assertNotPerpetual(pass)
  const isHeld = amount > 0n && refundHours > 0
  return {
    purchases: pass.purchases + 1,
    grantedAt: now,
    expiry: perpetualExpiry,
    refundUntil: isHeld ? now + BigInt(refundHours) * 3_600n : 0n,
    amount: isHeld ? amount : 0n,
  }
}

/**
 * Grants or renews a timed pass. Money of days that have not begun and the new money merge into one rate, which pays from
 * the first of those days to the last new one; what does not divide is earned at once.
 *
 * @param parameters `quantity` in days, `amount` in base units for all of them.
 * @throws AgoraiError `pass_held`, `quantity_invalid`, `accrual_behind`
 */
export function grantDays(
  stream: Stream,
  pass: PassState,
  { now, quantity, amount }: { now: bigint; quantity: number; amount: bigint },
): { stream: Stream; pass: PassState } {
  assertNotPerpetual(pass)
  const left = daysLeft(pass, now)
  const span = left + BigInt(quantity)
  if (quantity < 1 || span > BigInt(quantityMax))
    throw new AgoraiError('quantity_invalid', `${left} days are left already.`, { field: 'quantity' })
  const expiry = (isRunning(pass, now) ? pass.expiry : now) + BigInt(quantity) * secondsPerDay
  const sum = left * pass.amount + amount
  const rate = sum / span
  const renewed = { purchases: pass.purchases + 1, grantedAt: now, expiry, refundUntil: 0n, amount: rate }
  if (sum === 0n) return { stream, pass: renewed }

  const earned = earn(stream, now, accrualDaysMax)
  if (earned.day < dayOf(now))
    throw new AgoraiError('accrual_behind', `The first day that is not accrued is ${earned.day}.`)
  const flowing = cutDays({ ...earned, earned: earned.earned + sum - rate * span }, pass, left)
  const end = dayOf(expiry)
  return { stream: changeRate(changeRate(flowing, end - span, rate), end, -rate), pass: renewed }
}

/**
 * Gives a pass back.
 *
 * @param stream Of the pass's asset and token; it changes for a timed pass only.
 * @throws AgoraiError `pass_missing`, `refund_closed`
 */
export function refundPass(
  stream: Stream,
  pass: PassState,
  now: bigint,
): { stream: Stream; pass: PassState; amount: bigint } {
  assertRunning(pass, now)
  const amount = refundableOf(pass, now)
  if (amount === 0n) throw new AgoraiError('refund_closed', 'Every day has begun, or the refund window has ended.')
  const isTimed = pass.expiry !== perpetualExpiry
  return { stream: isTimed ? cutDays(stream, pass, daysLeft(pass, now)) : stream, pass: endedPass(pass), amount }
}

/**
 * Makes the price of a pass final when its refund window has ended: `amount` enters the ledger.
 *
 * @throws AgoraiError `refund_open`
 */
export function releasePass(pass: PassState, now: bigint): { pass: PassState; amount: bigint } {
  if (pass.refundUntil === 0n) return { pass, amount: 0n }
  if (now < pass.refundUntil) throw new AgoraiError('refund_open', `It is open until ${pass.refundUntil}.`)
  return { pass: { ...pass, refundUntil: 0n, amount: 0n }, amount: pass.amount }
}

/**
 * Moves a pass, with what may be refunded of it, to an account that has no running one.
 *
 * @throws AgoraiError `pass_missing`, `pass_held`
 */
export function transferPassState(
  pass: PassState,
  other: PassState,
  now: bigint,
): { pass: PassState; other: PassState } {
  assertRunning(pass, now)
  if (isRunning(other, now)) throw new AgoraiError('pass_held', 'The other account has a pass.')
  return { pass: endedPass(pass), other: { ...pass, purchases: other.purchases } }
}

/** Takes the last days of a pass, none of which has begun, out of its stream. */
function cutDays(stream: Stream, pass: PassState, days: bigint): Stream {
  if (days === 0n) return stream
  const end = dayOf(pass.expiry)
  return changeRate(changeRate(stream, end - days, -pass.amount), end, pass.amount)
}

const endedPass = (pass: PassState): PassState => ({ ...pass, expiry: 0n, refundUntil: 0n, amount: 0n })

function assertNotPerpetual({ expiry }: PassState): void {
  if (expiry === perpetualExpiry) throw new AgoraiError('pass_held', 'It is perpetual.')
}

function assertRunning(pass: PassState, now: bigint): void {
  if (!isRunning(pass, now)) throw new AgoraiError('pass_missing', 'There is no running pass.')
}
