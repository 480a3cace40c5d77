import type { PaymentRequirements } from '@agorai/core'
import { greater } from './sessionCeiling.js'

export type DepositForParameters = {
  requirements: Pick<PaymentRequirements, 'amount' | 'extra'>
  /** What the caller wants to deposit at a time; undefined for the usual. */
  wished: bigint | undefined
  /** What the channel lacks for this request. */
  missing: bigint
  /** What the payer has. */
  funds: bigint
}

/** Requests that one deposit is for, when nobody says: each costs a transaction, and the rest is given back. */
const usualRequests = 10n
/** What an operator asks for at least is followed up to here: it is out of reach for the withdrawal's delay. */
const followedMax = 1_000_000n

/** How much to deposit, in base units: never less than is missing. */
export function depositFor({ requirements, wished, missing, funds }: DepositForParameters): bigint {
  const { amount, extra } = requirements
  const usual = wished ?? usualRequests * BigInt(amount)
  const wanted = greater(usual, minDepositOf(extra))
  // Whoever cannot deposit ahead deposits what this request takes.
  return wanted > missing && wanted <= funds ? wanted : missing
}

function minDepositOf({ minDeposit }: PaymentRequirements['extra']): bigint {
  if (typeof minDeposit !== 'string' || !/^[1-9]\d{0,38}$/.test(minDeposit)) return 0n
  const asked = BigInt(minDeposit)
  return asked <= followedMax ? asked : 0n
}
