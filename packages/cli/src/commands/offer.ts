import { closeOffer, type GetOfferReturnType, getOffer, listOffer } from '@agorai/sdk'
import type { Command } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  createGroup,
  parseCount,
  parseId,
  requireYes,
} from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { addOfferOptions, type OfferOptions, readOffer } from '../offerOptions.js'
import { describePrice, describeTerms } from '../output/describeOffer.js'
import { formatAmount, formatDate, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { offerToken, paymentToken } from '../paymentToken.js'

export const offerCommand = (output: Output): Command =>
  createGroup('offer', 'List, show and close offers of an asset', [
    listCommand(output),
    showCommand(output),
    closeCommand(output),
  ])

type ListOptions = CommonOptions & OfferOptions & { price: string; token?: string; index?: string }

const listCommand = (output: Output): Command =>
  addOfferOptions(
    createCommand(
      'list',
      'List an offer of an asset that you own',
      'agorai offer list 1 --price 1 --usage train --timed --bracket 7:90 30:80 --account dev:1',
    )
      .argument('<asset>', 'id of the asset')
      .requiredOption('--price <amount>', 'in whole tokens; 0 is free; of an exclusive offer the lowest price')
      .option('--token <address>', 'payment token (default: tUSD on the local chain)')
      .option('--index <number>', 'number of the offer among those of the asset (default: the first unused one)')
      .option(...accountOption),
  ).action(async (asset: string, options: ListOptions) => {
    const client = await connect(options, readEnvironment())
    const token = await paymentToken(client, options.token)
    const listed = await listOffer(client, {
      asset: parseId(asset, 'asset'),
      index: options.index === undefined ? undefined : parseCount(options.index, 'index', 65_535),
      ...(await readOffer(options, token)),
    })
    const shown = describe(await getOffer(client, { offer: listed.offer }), token)
    output.result(listed, [`Listed offer ${listed.offer}.`, ...shown, `Transaction ${listed.hash}`])
  })

const showCommand = (output: Output): Command =>
  createCommand('show', 'Show an offer and its price now, from the chain', 'agorai offer show 65536 --days 30')
    .argument('<offer>', 'id of the offer')
    .option('--days <number>', 'how many days of a timed pass the price is for', '1')
    .action(async (id: string, options: CommonOptions & { days: string }) => {
      const client = await connect(options, readEnvironment())
      const days = parseCount(options.days, 'days', 3_650)
      const offer = await getOffer(client, { offer: parseId(id, 'offer'), days })
      output.result(offer, describe(offer, await offerToken(client, offer.token), days))
    })

const closeCommand = (output: Output): Command =>
  createCommand('close', 'Close an offer for ever; passes run on', 'agorai offer close 65536 --yes --account dev:1')
    .argument('<offer>', 'id of the offer')
    .option('--yes', 'you know that it is never opened again')
    .option(...accountOption)
    .action(async (id: string, options: CommonOptions & { yes?: boolean }) => {
      requireYes(options)
      const client = await connect(options, readEnvironment())
      const closed = await closeOffer(client, { offer: parseId(id, 'offer') })
      output.result(closed, [`Closed offer ${closed.offer}. Passes run on.`, `Transaction ${closed.hash}`])
    })

function describe(offer: GetOfferReturnType, token: { symbol: string; decimals: number }, days = 1): string[] {
  const { priceNow, listedAt, gate } = offer
  return formatTable([
    ['  asset', String(offer.asset)],
    ['  usage', offer.usage],
    ['  price', describePrice(offer, token)],
    ['  terms', describeTerms(offer)],
    ...(gate === null ? [] : [['  gate', gate]]),
    ...(listedAt === null ? [] : [['  listed', formatDate(listedAt)]]),
    [
      `  now${offer.timed ? `, ${days} day${days === 1 ? '' : 's'}` : ''}`,
      priceNow === null ? 'closed' : formatAmount(priceNow, token),
    ],
  ])
}
