import { releaseEdge } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'

export function releaseEdgeCommand(output: Output): Command {
  return createCommand(
    'release-edge',
    'Let later versions of an asset drop the royalty that they owe yours',
    'agorai release-edge 2 1 --account dev:1',
  )
    .argument('<asset>', 'id of the asset that is let off')
    .argument('<ancestor>', 'id of your asset')
    .option(...accountOption)
    .action(async (asset: string, ancestor: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const released = await releaseEdge(client, {
        asset: parseId(asset, 'asset'),
        ancestor: parseId(ancestor, 'ancestor'),
      })
      output.result(released, [
        `Later versions of asset ${released.asset} need not owe asset ${released.ancestor} any more.`,
        'Versions that are published already go on owing it.',
        `Transaction ${released.hash}`,
      ])
    })
}
