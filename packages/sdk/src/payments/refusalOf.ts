import { AgoraiError, x402Errors } from '@agorai/core'

const poor: readonly string[] = [x402Errors.insufficientBalance, x402Errors.exactInsufficient]

/** What people can do something about, in words. */
const words: Record<string, string> = {
  [x402Errors.channelBusy]: 'Another call is under way on this channel, or a session has it until it is closed.',
  [x402Errors.channelExpiring]: 'The money of this channel is being withdrawn, so it pays for nothing more.',
  [x402Errors.channelNotFound]: 'Nothing was ever put into this channel.',
  [x402Errors.depositTooSmall]:
    'The deposit is smaller than this operator takes: the account holds too little, or too little was asked for.',
  [x402Errors.voucherShown]:
    'It asks for just what is left of an earlier voucher, which a claim may have shown: every other maximum is taken.',
  [x402Errors.refundNoBalance]: 'Nothing is left in this channel.',
  [x402Errors.refundAmount]: 'Less than that is left in this channel.',
}

/** What an answer of 402 to a payment means; the operator's own reason is in the details. */
export function refusalOf(error: string | undefined, reason: string | undefined): AgoraiError {
  const said = (reason ?? error ?? '').replace(/[^\w .-]/g, '').slice(0, 120)
  if (poor.includes(said)) return new AgoraiError('funds_missing', `The operator answered ${said}.`)
  const message = Object.hasOwn(words, said) ? words[said] : undefined
  return new AgoraiError('payment_refused', message ?? `The operator answered ${said}.`, { details: { reason: said } })
}
