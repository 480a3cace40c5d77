import { parseAmount, type Token } from '../../format/money.js'

/** Calls that a first budget lasts for, at the most that each may cost. */
const callsCovered = 100n

/** A small budget: the lesser of one whole unit and a hundred calls like this one, and enough for one. */
export function suggestBudget(amountMax: bigint, { decimals }: Pick<Token, 'decimals'>): bigint {
  const unit = 10n ** BigInt(decimals)
  const covered = amountMax * callsCovered
  const small = covered > 0n && covered < unit ? covered : unit
  return small < amountMax ? amountMax : small
}

/** A budget as it is typed: at least what one call may cost. Undefined when it is none. */
export function readBudget(text: string, amountMax: bigint, { decimals }: Pick<Token, 'decimals'>): bigint | undefined {
  const budget = parseAmount(text, decimals)
  return budget === undefined || budget === 0n || budget < amountMax ? undefined : budget
}
