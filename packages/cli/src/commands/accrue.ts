import { accrueRevenue } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

export function accrueCommand(output: Output): Command {
  return createCommand(
    'accrue',
    'Bring what timed passes earned on ended days into the ledger; anyone may',
    'agorai accrue 3 --account dev:7',
  )
    .argument('<asset>', 'id of the asset')
    .option(...accountOption)
    .option('--token <address>', 'payment token (default: tUSD on the local chain)')
    .action(async (asset: string, options: CommonOptions & { token?: string }) => {
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client, options.token)
      const result = await accrueRevenue(client, { asset: parseId(asset, 'asset'), token: token.address })
      output.result(result, [
        result.amount === 0n
          ? 'Nothing was earned since the last time.'
          : `Accrued ${formatAmount(result.amount, token)} into the ledger.`,
      ])
    })
}
