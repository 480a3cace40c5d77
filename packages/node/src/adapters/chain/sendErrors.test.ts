import { BaseError } from 'viem'
import { expect, test } from 'vitest'
import { toSendError } from './sendErrors.js'

test.each([
  // A payer's wallet that burns gas when it is asked for its signature: no block takes the claim, whenever it is tried.
  ['gas required exceeds allowance (30000000)', 'transaction_reverted'],
  ['exceeds block gas limit', 'transaction_reverted'],
  ['transaction gas limit too high (cap: 16777216, tx: 30000000)', 'transaction_reverted'],
  ['insufficient funds for gas * price + value', 'funds_missing'],
  ['the method is not available', 'chain_unavailable'],
])('an endpoint that says "%s" means %s', (details, code) => {
  const cause = Object.assign(new Error(details), { details })
  expect(toSendError(new BaseError('An error.', { cause }))).toMatchObject({ code })
})
