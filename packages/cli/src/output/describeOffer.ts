import type { Bracket, Usage } from '@agorai/core'
import { formatAmount, formatBps, type Token } from './format.js'

/** What an offer says, whether the node or the chain told it. */
export type ShownOffer = {
  price: bigint
  usage: Usage
  timed: boolean
  transferable: boolean
  refundHours: number
  gate: string | null
  brackets: readonly Bracket[]
}

/** The price in words: `1.000000 tUSD a day, after 7 days 90 %`. */
export function describePrice({ price, usage, timed, brackets }: ShownOffer, token: Token): string {
  if (price === 0n) return timed ? 'free by the day' : 'free'
  if (usage === 'exclusive')
    return `falls by half a day from ${formatAmount(price * 10n, token)} to ${formatAmount(price, token)}`
  if (!timed) return formatAmount(price, token)
  return [
    `${formatAmount(price, token)} a day`,
    ...brackets.map(({ fromDay, bps }) => `after ${fromDay} days ${formatBps(bps)}`),
  ].join(', ')
}

/** What else a buyer wants to know: `refund within 48 h, for a list of accounts`. */
export const describeTerms = ({ timed, transferable, refundHours, gate, price }: ShownOffer): string =>
  [
    timed ? 'days not begun go back' : refundHours > 0 ? `refund within ${refundHours} h` : price > 0n ? 'final' : '',
    transferable ? 'passes may be passed on' : '',
    gate === null ? '' : 'for a list of accounts',
  ]
    .filter((part) => part !== '')
    .join(', ')
