import type { Address } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { dayOf } from '../market/stream.js'

/** What an account may spend. Amounts are in base units of `token`; a rule that is absent allows everything. */
export type SpendingPolicy = {
  /** The one token that is spent. */
  token: Address
  /** The most that one signature gives away: the price of a call, or a step of a session's ceiling. */
  perCallMax?: bigint | undefined
  /** The most in one UTC day. */
  perDayMax?: bigint | undefined
  /** The most for one asset in one UTC day. */
  perAssetMax?: bigint | undefined
  /** The most ever. */
  totalMax?: bigint | undefined
  /** Assets that may be paid for. */
  assets?: readonly bigint[] | undefined
  /** Operators that may be paid. */
  operators?: readonly Address[] | undefined
}

/** What was given away so far. Days are counted from 1970, in UTC. */
export type Spending = {
  day: number
  today: bigint
  /** Of today, by asset. */
  byAsset: Readonly<Record<string, bigint>>
  total: bigint
}

/** One payment that is about to be signed. */
export type Spend = {
  token: Address
  /** What is paid for; undefined for what may be drawn upon for any asset of the operator. */
  asset: bigint | undefined
  operator: Address
  /** Base units, the most that the signature gives away. */
  amount: bigint
  /** What of that no earlier signature gave away, and so counts. Default: all of it. */
  adds?: bigint | undefined
}

/** Rules of a policy, as `policy_refused` names them. */
export type SpendingRule =
  | 'amount'
  | 'token'
  | 'assets'
  | 'operators'
  | 'perCallMax'
  | 'perDayMax'
  | 'perAssetMax'
  | 'totalMax'

export const noSpending: Spending = { day: 0, today: 0n, byAsset: {}, total: 0n }

/**
 * The spending as it is after a payment that the policy allows. To be kept before anything is signed.
 *
 * @param now Whole unix seconds. A clock that goes back stays in the day that it came from, so it gives no second allowance.
 * @throws AgoraiError `policy_refused`, whose field is the {@link SpendingRule} that says no.
 */
export function spend(policy: SpendingPolicy, before: Spending, payment: Spend, now: number): Spending {
  const { token, asset, operator, amount, adds = amount } = payment
  const state = onDay(before, Number(dayOf(BigInt(now))))
  if (amount < 0n || adds < 0n) throw refused('amount', 'A payment is not negative.')
  if (!isAddressEqual(token, policy.token)) throw refused('token', `It is paid in the token ${token}.`)
  if (policy.operators !== undefined && !policy.operators.some((allowed) => isAddressEqual(allowed, operator)))
    throw refused('operators', `The operator ${operator} is not on the list.`)
  if (policy.assets !== undefined && (asset === undefined || !policy.assets.includes(asset)))
    throw refused('assets', asset === undefined ? 'It names no asset.' : `Asset ${asset} is not on the list.`)
  const key = String(asset ?? '')
  const after = {
    day: state.day,
    today: state.today + adds,
    byAsset: { ...state.byAsset, [key]: (state.byAsset[key] ?? 0n) + adds },
    total: state.total + adds,
  }
  const caps: [rule: SpendingRule, sum: bigint, max: bigint | undefined][] = [
    ['perCallMax', amount, policy.perCallMax],
    ['perDayMax', after.today, policy.perDayMax],
    ['perAssetMax', after.byAsset[key] ?? 0n, policy.perAssetMax],
    ['totalMax', after.total, policy.totalMax],
  ]
  for (const [rule, sum, max] of caps)
    if (max !== undefined && sum > max)
      throw refused(rule, `It would come to ${sum}, and ${max} is allowed.`, { sum: String(sum), max: String(max) })
  return after
}

/**
 * Gives back what a payment did not take after all: nothing of it was signed, or nobody can use the signature any more.
 *
 * @param unspent At most what that payment counted.
 * @param day The day on which it was counted. What returns on a later day lowers the total only.
 */
export function unspend(before: Spending, payment: Pick<Spend, 'asset'>, unspent: bigint, day: number): Spending {
  const total = before.total - unspent
  if (day !== before.day) return { ...before, total }
  const key = String(payment.asset ?? '')
  return {
    ...before,
    today: before.today - unspent,
    byAsset: { ...before.byAsset, [key]: (before.byAsset[key] ?? 0n) - unspent },
    total,
  }
}

function onDay(state: Spending, day: number): Spending {
  return day > state.day ? { day, today: 0n, byAsset: {}, total: state.total } : state
}

function refused(rule: SpendingRule, message: string, details: Record<string, string> = {}): AgoraiError {
  return new AgoraiError('policy_refused', `Rule ${rule}: ${message}`, { field: rule, details: { rule, ...details } })
}
