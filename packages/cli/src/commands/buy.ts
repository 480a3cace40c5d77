import { AgoraiError, type AssetDetail, assetOfOffer, type Offer } from '@agorai/core'
import {
  type AgoraiClient,
  type BuyOfferReturnType,
  buyOffer,
  everyPage,
  getAsset,
  getOffer,
  getOffers,
  getPass,
  type Payment,
} from '@agorai/sdk'
import { type Command, Option } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  parseAddress,
  parseAmount,
  parseCount,
  parseId,
  relayerOption,
} from '../command.js'
import { connect, connectRelayer } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readAccounts } from '../offerOptions.js'
import { formatAmount, formatDate } from '../output/format.js'
import type { Output } from '../output/output.js'
import { offerToken, type PaymentToken } from '../paymentToken.js'

type Options = CommonOptions & {
  offer?: string
  days?: string
  max?: string
  for?: string
  gate?: string
  pay?: Payment
  relayer?: string
  renew?: boolean
  nonce?: string
}

const payments: Payment[] = ['allowance', 'permit', 'authorization']

const more = `
Buying again finds the pass that you hold and pays nothing. To add days to a running pass say --renew; with --nonce and
the number of purchases made before, as \`agorai pass\` shows it, that too may safely be repeated.
More examples:
  agorai buy 3 --days 30 --account dev:6
  agorai buy 2 --for 0x90F79bf6EB2c4f870365E785982E1f101E93b906 --relayer dev:7 --account dev:6`

export function buyCommand(output: Output): Command {
  return createCommand('buy', 'Buy a pass for an asset, renew it or give it', 'agorai buy 2 --account dev:6 --max 10')
    .argument('<asset>', 'id of the asset')
    .option(...accountOption)
    .option('--offer <id>', 'which offer (default: the only open one)')
    .option('--days <number>', 'days of a timed pass')
    .option('--max <amount>', 'most that you pay, in whole tokens such as 10 or 9.5 (default: the price now)')
    .option('--for <address>', 'who receives the pass, and what is refunded of it (default: you)')
    .option('--gate <file>', 'the list of accounts that may buy it, one address a line, as its seller publishes it')
    .addOption(new Option('--pay <how>', 'allowance, permit (EIP-2612) or authorization (EIP-3009)').choices(payments))
    .option(...relayerOption)
    .option('--renew', 'add days to a pass that runs')
    .option('--nonce <number>', 'purchases that were made for the holder before this one')
    .addHelpText('after', more)
    .action(async (asset: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const id = parseId(asset, 'asset')
      const detail = await getAsset(client, { asset: id })
      const offer = BigInt((await chooseOffer(client, detail, options.offer)).id)
      if (assetOfOffer(offer) !== id)
        throw new AgoraiError('integrity_failed', `The node named offer ${offer}, which is of another asset.`, {
          field: 'offer',
        })
      const days = options.days === undefined ? undefined : parseCount(options.days, 'days', 3_650)
      // By the chain, not by the node: what the price is, and what `--max 10` means.
      const listed = await getOffer(client, { offer, days })
      const token = await offerToken(client, listed.token)
      const holder = options.for === undefined ? undefined : parseAddress(options.for, 'for')
      const pass = await buyOffer(client, {
        offer,
        days,
        version: BigInt(detail.version.id),
        amountMax: options.max === undefined ? (listed.priceNow ?? 0n) : parseAmount(options.max, token.decimals),
        holder,
        gate: options.gate === undefined ? undefined : await readAccounts(options.gate),
        payment: options.pay,
        relayer: await connectRelayer(options, readEnvironment()),
        nonce:
          options.nonce !== undefined
            ? parseCount(options.nonce, 'nonce', 2 ** 24)
            : options.renew === true
              ? (await getPass(client, { offer, holder })).purchases
              : undefined,
      })
      output.result(pass, describe(pass, token, asset))
    })
}

function describe(pass: BuyOfferReturnType, token: PaymentToken, asset: string): string[] {
  const paid = formatAmount(pass.amount, token)
  const { expiry, refundUntil } = pass
  const back =
    expiry !== null
      ? [`It runs until ${formatDate(expiry)}; days not begun go back: agorai refund ${pass.offer}`]
      : refundUntil !== null
        ? [`It may be given back until ${formatDate(refundUntil)}: agorai refund ${pass.offer}`]
        : []
  return [
    pass.alreadyHeld
      ? `This pass is held already; it cost ${paid}. No money was moved.`
      : `Bought for ${paid}.${back.length === 0 ? ' This is final.' : ''}`,
    ...back,
    `Transaction ${pass.hash}`,
    `Next: agorai download ${asset}`,
  ]
}

async function chooseOffer(
  client: AgoraiClient,
  { id, offers, offersCursor }: AssetDetail,
  wanted: string | undefined,
): Promise<Offer> {
  const isWanted = (offer: Offer) => offer.open && (wanted === undefined || offer.id === wanted)
  const open = offers.filter(isWanted)
  if (open.length === 0) {
    const read = (cursor: string | undefined) => getOffers(client, { asset: BigInt(id), cursor })
    for await (const page of everyPage(read, offersCursor)) {
      open.push(...page.offers.filter(isWanted))
      // Behind the first that is closed all are.
      if (open.length > 0 || page.offers.some((offer) => !offer.open)) break
    }
  }
  const [offer, another] = open
  if (offer === undefined) throw new AgoraiError('offer_closed', 'There is no such open offer.', { field: 'offer' })
  if (another !== undefined)
    throw new AgoraiError(
      'invalid_request',
      `Choose one of the offers ${open.map(({ id }) => id).join(', ')} with --offer.`,
      { field: 'offer' },
    )
  return offer
}
