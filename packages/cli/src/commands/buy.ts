import { AgoraiError, type Offer } from '@agorai/core'
import { buyOffer, getAsset } from '@agorai/sdk'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount } from '../output/format.js'
import type { Output } from '../output/output.js'

type Options = CommonOptions & { offer?: string; max?: string; authorization?: boolean }

export function buyCommand(output: Output): Command {
  return createCommand('buy', 'Buy a pass for an asset', 'agorai buy 2 --account dev:6 --max 10')
    .argument('<asset>', 'id of the asset')
    .option(...accountOption)
    .option('--offer <id>', 'which offer (default: the only open one)')
    .option('--max <amount>', 'most that you pay, in whole tokens such as 10 or 9.5 (default: the posted price)')
    .option('--authorization', 'pay by a signed EIP-3009 authorization instead of an allowance')
    .action(async (asset: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const detail = await getAsset(client, { asset: parseId(asset, 'asset') })
      const offer = chooseOffer(detail.offers, options.offer)
      const pass = await buyOffer(client, {
        offer: BigInt(offer.id),
        version: BigInt(detail.version.id),
        amountMax: options.max === undefined ? BigInt(offer.price) : parseAmount(options.max, offer.token.decimals),
        ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
      })
      const paid = formatAmount(pass.amount, offer.token)
      output.result(pass, [
        pass.alreadyHeld
          ? `You hold this pass already; it cost ${paid}. No money was moved.`
          : `Bought for ${paid}. This is final.`,
        `Transaction ${pass.hash}`,
        `Next: agorai download ${asset}`,
      ])
    })
}

function chooseOffer(offers: readonly Offer[], wanted: string | undefined): Offer {
  const open = offers.filter((offer) => offer.open && (wanted === undefined || offer.id === wanted))
  const [offer, another] = open
  if (offer === undefined) throw new AgoraiError('offer_closed', 'There is no such open offer.', { field: 'offer' })
  if (another !== undefined)
    throw new AgoraiError('invalid_request', `Choose one of the offers ${open.map(({ id }) => id).join(', ')}.`, {
      field: 'offer',
    })
  return offer
}
