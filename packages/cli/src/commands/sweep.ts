import { sweepTill } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

export function sweepCommand(output: Output): Command {
  return createCommand(
    'sweep',
    'Bring what was sent to tills into the ledger; anyone may',
    'agorai sweep 1 2 --account dev:7',
  )
    .argument('<assets...>', 'ids of the assets')
    .option(...accountOption)
    .option('--token <address>', 'payment token (default: tUSD on the local chain)')
    .action(async (named: string[], options: CommonOptions & { token?: string }) => {
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client, options.token)
      const assets = named.map((asset) => parseId(asset, 'assets'))
      const result = await sweepTill(client, { token: token.address, assets })
      const rows = result.swept.map(({ version, amount }) => [`  version ${version}`, formatAmount(amount, token)])
      output.result(
        result,
        rows.length === 0
          ? ['These tills are empty.']
          : [...formatTable(rows), `Swept ${formatAmount(result.amount, token)} into the ledger.`],
      )
    })
}
