import { buyBundle, closeBundle, listBundle } from '@agorai/sdk'
import type { Command } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  createGroup,
  parseAddress,
  parseAmount,
  parseCount,
  parseId,
  parsePercent,
  parseWord,
} from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { readAccounts } from '../offerOptions.js'
import { formatAmount, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { paymentToken } from '../paymentToken.js'

export const bundleCommand = (output: Output): Command =>
  createGroup('bundle', 'List, buy and close bundles of offers', [
    listCommand(output),
    buyCommand(output),
    closeCommand(output),
  ])

const listCommand = (output: Output): Command =>
  createCommand(
    'list',
    'List offers of your assets to be bought together, each at its own price less a discount',
    'agorai bundle list 65536 131072 --discount 10 --account dev:1',
  )
    .argument('<offers...>', 'ids of the offers')
    .requiredOption('--discount <percent>', 'what each costs less than alone')
    .option(...accountOption)
    .action(async (offers: string[], options: CommonOptions & { discount: string }) => {
      const client = await connect(options, readEnvironment())
      const listed = await listBundle(client, {
        offers: offers.map((offer) => parseId(offer, 'offers')),
        discountBps: parsePercent(options.discount, 'discount'),
      })
      output.result(listed, [`Listed bundle ${listed.bundle}.`, `Transaction ${listed.hash}`])
    })

type BuyOptions = CommonOptions & { max: string; token?: string; days?: string; for?: string; gate?: string }

const buyCommand = (output: Output): Command =>
  createCommand('buy', 'Buy every offer of a bundle', 'agorai bundle buy 0x… --max 12.5 --account dev:6')
    .argument('<bundle>', 'id of the bundle')
    .requiredOption('--max <amount>', 'most that you pay for all, in whole tokens')
    .option('--token <address>', 'payment token (default: tUSD on the local chain)')
    .option('--days <number>', 'days of the timed passes in it')
    .option('--for <address>', 'who receives the passes (default: you)')
    .option('--gate <file>', 'the list of accounts that may buy, one address a line')
    .option(...accountOption)
    .action(async (id: string, options: BuyOptions) => {
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client, options.token)
      const bought = await buyBundle(client, {
        bundle: parseWord(id, 'bundle'),
        amountMax: parseAmount(options.max, token.decimals),
        days: options.days === undefined ? undefined : parseCount(options.days, 'days', 3_650),
        holder: options.for === undefined ? undefined : parseAddress(options.for, 'for'),
        gate: options.gate === undefined ? undefined : await readAccounts(options.gate),
      })
      const rows = bought.purchases.map(({ offer, amount }) => [`  offer ${offer}`, formatAmount(amount, token)])
      output.result(bought, [
        ...formatTable(rows),
        bought.alreadyHeld
          ? 'These passes are held already. No money was moved.'
          : `Bought for ${formatAmount(bought.amount, token)}.`,
        `Transaction ${bought.hash}`,
      ])
    })

const closeCommand = (output: Output): Command =>
  createCommand('close', 'Stop sales of your bundle', 'agorai bundle close 0x… --account dev:1')
    .argument('<bundle>', 'id of the bundle')
    .option(...accountOption)
    .action(async (id: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const closed = await closeBundle(client, { bundle: parseWord(id, 'bundle') })
      output.result(closed, ['Closed. Its offers stay open one by one.', `Transaction ${closed.hash}`])
    })
