import { retireAsset } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId, requireYes } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'

export function retireCommand(output: Output): Command {
  return createCommand(
    'retire',
    'End all sales and derivatives of an asset, for ever',
    'agorai retire 1 --yes --account dev:1',
  )
    .argument('<asset>', 'id of the asset')
    .option('--yes', 'you know that it is for ever')
    .option(...accountOption)
    .action(async (asset: string, options: CommonOptions & { yes?: boolean }) => {
      requireYes(options)
      const client = await connect(options, readEnvironment())
      const retired = await retireAsset(client, { asset: parseId(asset, 'asset') })
      output.result(retired, [
        `Retired asset ${retired.asset}. Passes run on, and revenue is collected as before.`,
        `Transaction ${retired.hash}`,
      ])
    })
}
