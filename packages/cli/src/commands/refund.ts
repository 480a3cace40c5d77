import { getOffer, refundPass } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount } from '../output/format.js'
import type { Output } from '../output/output.js'
import { offerToken } from '../paymentToken.js'

export function refundCommand(output: Output): Command {
  return createCommand('refund', 'Give your pass back, no questions', 'agorai refund 65536 --account dev:6')
    .argument('<offer>', 'id of the offer')
    .option(...accountOption)
    .action(async (id: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const offer = parseId(id, 'offer')
      const refunded = await refundPass(client, { offer })
      const token = await offerToken(client, (await getOffer(client, { offer })).token)
      output.result(refunded, [
        `${formatAmount(refunded.amount, token)} went back. The pass opens nothing any more.`,
        `Transaction ${refunded.hash}`,
      ])
    })
}
