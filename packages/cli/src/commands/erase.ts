import { eraseVersion } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId, requireYes } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'

export function eraseCommand(output: Output): Command {
  return createCommand(
    'erase',
    "State that a version's content is erased; a tombstone stays",
    'agorai erase 1 --yes --account dev:1',
  )
    .argument('<version>', 'id of the version')
    .option('--yes', 'you know that it is for ever')
    .option(...accountOption)
    .action(async (version: string, options: CommonOptions & { yes?: boolean }) => {
      requireYes(options)
      const client = await connect(options, readEnvironment())
      const erased = await eraseVersion(client, { version: parseId(version, 'version') })
      output.result(erased, [
        `Version ${erased.version} is no longer delivered, sold or built from. What it earned is still paid out.`,
        `Transaction ${erased.hash}`,
      ])
    })
}
