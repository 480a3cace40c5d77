import type { Serving } from '@agorai/core'
import type { PaymentToken } from '../paymentToken.js'
import { describeUnits } from './describeUnits.js'
import { formatAmount } from './format.js'

/** What calls of a service cost, a line for each unit that is counted. */
export const describeCalls = ({ prices, freeCalls }: Serving, token: PaymentToken): string[] => [
  ...prices.map(({ unit, amount, per }) => `  ${formatAmount(BigInt(amount), token)} for ${describeUnits(unit, per)}`),
  ...(freeCalls === 0 ? [] : [`  ${freeCalls} calls a day are free for each account`]),
]
