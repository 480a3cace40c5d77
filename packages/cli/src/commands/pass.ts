import { AgoraiError } from '@agorai/core'
import { getOffer, getPass } from '@agorai/sdk'
import type { Command } from 'commander'
import { isAddressEqual, zeroAddress } from 'viem'
import { accountOption, type CommonOptions, createCommand, parseAddress, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatDate, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { offerToken } from '../paymentToken.js'

export function passCommand(output: Output): Command {
  return createCommand('pass', 'Show a pass, from the chain', 'agorai pass 65536 --account dev:6')
    .argument('<offer>', 'id of the offer')
    .argument('[holder]', 'whose pass (default: yours)')
    .option(...accountOption)
    .action(async (id: string, named: string | undefined, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const offer = parseId(id, 'offer')
      const holder = named === undefined ? undefined : parseAddress(named, 'holder')
      const [pass, listed] = await Promise.all([getPass(client, { offer, holder }), getOffer(client, { offer })])
      // The market keeps nothing of an offer that was never listed, and nobody has bought one.
      if (pass.purchases === 0 && !listed.open && isAddressEqual(listed.token, zeroAddress))
        throw new AgoraiError('not_found', `There is no offer ${offer}; \`agorai show <asset>\` lists an asset's.`, {
          field: 'offer',
        })
      const token = await offerToken(client, listed.token)
      const end = pass.expiry === null ? 'for good' : `until ${formatDate(pass.expiry)}`
      output.result(
        pass,
        formatTable([
          ['asset', String(pass.asset)],
          ['holder', pass.holder],
          ['runs', pass.running ? end : 'no'],
          ['purchases', String(pass.purchases)],
          ...(pass.refundUntil === null ? [] : [['refund window', `until ${formatDate(pass.refundUntil)}`]]),
          ['goes back now', formatAmount(pass.refundable, token)],
        ]),
      )
    })
}
