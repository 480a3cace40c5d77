import { withdrawContributions } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId, requireYes } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { plain } from '../output/format.js'
import type { Output } from '../output/output.js'

export function withdrawCommand(output: Output): Command {
  return createCommand(
    'withdraw',
    'Take back everything that you gave to a dataset',
    'agorai withdraw 1 --yes --account dev:3',
  )
    .argument('<asset>', 'id of the dataset')
    .option('--yes', 'you know that the keys of your rows are destroyed')
    .option(...accountOption)
    .action(async (asset: string, options: CommonOptions & { yes?: boolean }) => {
      requireYes(options)
      const client = await connect(options, readEnvironment())
      const receipt = await withdrawContributions(client, { asset: parseId(asset, 'asset') })
      output.result(receipt, [
        `Taken back: ${receipt.contributions.length} contributions to dataset ${receipt.asset}. They stay out of later versions.`,
        ...receipt.erased.map(
          ({ manifestDigest, partition }) => `Key destroyed: partition ${partition} of manifest ${manifestDigest}`,
        ),
        ...(receipt.versions.length === 0 ? [] : [`They were in versions ${receipt.versions.join(', ')}.`]),
        ...receipt.descendants.map(
          ({ version, name }) => `Built from those: version ${version}${name === null ? '' : `, ${plain(name)}`}`,
        ),
        'Copies that buyers hold are out of reach.',
      ])
    })
}
