import { AgoraiError, x402Errors } from '@agorai/core'

const poor: readonly string[] = [x402Errors.insufficientBalance, x402Errors.exactInsufficient]

/** What an answer of 402 to a payment means. */
export function refusalOf(error: string | undefined, reason: string | undefined): AgoraiError {
  const said = (reason ?? error ?? '').replace(/[^\w .-]/g, '').slice(0, 120)
  if (poor.includes(said)) return new AgoraiError('funds_missing', `The operator answered ${said}.`)
  return new AgoraiError('payment_refused', `The operator answered ${said}.`, { details: { reason: said } })
}
