import { collectRevenue, getAsset } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatTable, plain } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

type Options = CommonOptions & { asset?: string; token?: string }

export function collectCommand(output: Output): Command {
  return createCommand('collect', 'Collect what you are owed, out of every asset', 'agorai collect --account dev:1')
    .option(...accountOption)
    .option('--asset <id>', 'collect for every party of this asset and of all that it is built from')
    .option('--token <address>', 'payment token (default: tUSD on the local chain)')
    .action(async (options: Options) => {
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client, options.token)
      output.progress('Pulling along the lineage and paying out')
      const version =
        options.asset === undefined
          ? undefined
          : BigInt((await getAsset(client, { asset: parseId(options.asset, 'asset') })).version.id)
      const result = await collectRevenue(client, {
        token: token.address,
        ...(version === undefined ? {} : { version }),
      })
      const rows = result.collected.map(({ role, label, account, version: id, amount }) => [
        `  ${role}${label === null ? '' : `, ${plain(label)}`}`,
        role === 'treasury' ? '' : `version ${id}`,
        account,
        formatAmount(amount, token),
      ])
      output.result(
        result,
        rows.length === 0
          ? ['Nothing to collect now.']
          : [...formatTable(rows), `Collected ${formatAmount(result.amount, token)}.`],
      )
    })
}
