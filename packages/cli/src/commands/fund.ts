import { fundAccount } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAmount } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

export function fundCommand(output: Output): Command {
  return createCommand(
    'fund',
    'Get test money without value, on the local chain only',
    'agorai fund 50 --account dev:6',
  )
    .argument('[amount]', 'in whole tokens such as 50 or 0.5', '100')
    .option(...accountOption)
    .action(async (amount: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client)
      const funded = await fundAccount(client, { amount: parseAmount(amount, token.decimals) })
      output.result(funded, [
        `${funded.account} got ${formatAmount(funded.amount, token)} and has ${formatAmount(funded.balance, token)}.`,
        'Next: agorai search',
      ])
    })
}
