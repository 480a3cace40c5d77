import { getOffer, releasePasses } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAddress, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { offerToken } from '../paymentToken.js'

export function releaseCommand(output: Output): Command {
  return createCommand(
    'release',
    'Bring what passes with an ended refund window cost into the ledger; anyone may',
    'agorai release 65536 --account dev:7',
  )
    .argument('<offer>', 'id of the offer')
    .argument('[holders...]', 'whose passes (default: all that are ready)')
    .option(...accountOption)
    .action(async (id: string, named: string[], options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const offer = parseId(id, 'offer')
      const holders = named.map((holder) => parseAddress(holder, 'holders'))
      const result = await releasePasses(client, { offer, ...(holders.length === 0 ? {} : { holders }) })
      const token = await offerToken(client, (await getOffer(client, { offer })).token)
      const rows = result.released.map(({ holder, amount }) => [`  ${holder}`, formatAmount(amount, token)])
      output.result(
        result,
        rows.length === 0
          ? ['No refund window has ended that was not released before.']
          : [...formatTable(rows), `Released ${formatAmount(result.amount, token)} into the ledger.`],
      )
    })
}
