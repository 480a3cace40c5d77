import { transferPass } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAddress, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import type { Output } from '../output/output.js'

const example = 'agorai transfer 65536 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --account dev:6'

export function transferCommand(output: Output): Command {
  return createCommand('transfer', 'Pass your pass on, with what may be refunded of it', example)
    .argument('<offer>', 'id of the offer, which must allow it')
    .argument('<to>', 'who receives it')
    .option(...accountOption)
    .action(async (id: string, to: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const moved = await transferPass(client, { offer: parseId(id, 'offer'), to: parseAddress(to, 'to') })
      output.result(moved, [`${moved.to} holds the pass now.`, `Transaction ${moved.hash}`])
    })
}
