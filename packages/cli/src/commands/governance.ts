import { getGovernance } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatBps, formatDate, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'

export function governanceCommand(output: Output): Command {
  return createCommand('governance', 'Show who may do what, and what is set now', 'agorai governance').action(
    async (options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const found = await getGovernance(client)
      output.result(
        found,
        formatTable([
          ['protocol fee', `${formatBps(found.feeBps)} of versions published now`],
          ['treasury', found.treasury],
          ['governor', `${found.governor} (a timelock)`],
          ['guardian', `${found.guardian} (may stop new purchases)`],
          ['arbiter', found.arbiter === null ? 'nobody' : `${found.arbiter} (may set liens)`],
          ['purchases', found.pausedUntil === null ? 'open' : `paused until ${formatDate(found.pausedUntil)}`],
          ...found.tokens.map((token) => ['payment token', token]),
        ]),
      )
    },
  )
}
