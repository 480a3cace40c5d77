import { setTillVersion } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatDate } from '../output/format.js'
import type { Output } from '../output/output.js'

export function tillVersionCommand(output: Output): Command {
  return createCommand(
    'till-version',
    "Name the version that your asset's till is swept into",
    'agorai till-version 1 3 --account dev:1',
  )
    .argument('<asset>', 'id of the asset')
    .argument('<version>', 'one of its versions; 0 is the current one, whichever that is')
    .option(...accountOption)
    .action(async (asset: string, version: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const set = await setTillVersion(client, {
        asset: parseId(asset, 'asset'),
        version: parseId(version, 'version'),
      })
      output.result(set, [
        set.version === 0n
          ? `The till of asset ${set.asset} is swept into its current version.`
          : `The till of asset ${set.asset} is swept into version ${set.version} from ${formatDate(set.effectiveAt)} on.`,
        `Transaction ${set.hash}`,
      ])
    })
}
