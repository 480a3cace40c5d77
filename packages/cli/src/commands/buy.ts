import { AgoraiError, accessMarketAbi, assetOfOffer, type Offer } from '@agorai/core'
import { type AgoraiClient, buyOffer, getAsset } from '@agorai/sdk'
import type { Command } from 'commander'
import { isAddressEqual, zeroAddress } from 'viem'
import { accountOption, type CommonOptions, createCommand, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount } from '../output/format.js'
import type { Output } from '../output/output.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

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
      const id = parseId(asset, 'asset')
      const detail = await getAsset(client, { asset: id })
      const offer = chooseOffer(detail.offers, options.offer)
      const token = await tokenOf(client, BigInt(offer.id), id)
      const pass = await buyOffer(client, {
        offer: BigInt(offer.id),
        version: BigInt(detail.version.id),
        amountMax: options.max === undefined ? BigInt(offer.price) : parseAmount(options.max, token.decimals),
        ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
      })
      const paid = formatAmount(pass.amount, token)
      output.result(pass, [
        pass.alreadyHeld
          ? `You hold this pass already; it cost ${paid}. No money was moved.`
          : `Bought for ${paid}. This is final.`,
        `Transaction ${pass.hash}`,
        `Next: agorai download ${asset}`,
      ])
    })
}

/** The token of an offer by the chain, not by the node: its decimals decide what `--max 10` means. */
async function tokenOf(client: AgoraiClient, offer: bigint, asset: bigint): Promise<PaymentToken> {
  if (assetOfOffer(offer) !== asset)
    throw new AgoraiError('integrity_failed', `The node named offer ${offer}, which is of another asset.`, {
      field: 'offer',
    })
  const { token } = await client.publicClient.readContract({
    address: client.info.chain.addresses.accessMarket,
    abi: accessMarketAbi,
    functionName: 'offerOf',
    args: [offer],
  })
  // A free offer need not name a token.
  return isAddressEqual(token, zeroAddress) ? { address: token, symbol: '', decimals: 0 } : paymentToken(client, token)
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
