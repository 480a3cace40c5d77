import { AgoraiError, type ChannelConfig, isAgoraiError } from '@agorai/core'
import {
  type AgoraiClient,
  getChannel,
  type ListedChannel,
  listChannels,
  refundChannel,
  type WithdrawChannelReturnType,
  withdrawChannel,
} from '@agorai/sdk'
import type { Command } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  createGroup,
  parseAmount,
  parseCount,
  parseId,
} from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatDate, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { openPayments, type Payments } from '../payments/openPayments.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

export const channelCommand = (output: Output): Command =>
  createGroup('channel', 'Channels: what is deposited with an operator, and how it comes back', [
    listCommand(output),
    showCommand(output),
    refundCommand(output),
    withdrawCommand(output),
  ])

type Options = CommonOptions & { index: string; amount?: string }

const common = (command: Command, asset = 'id of a service of the operator'): Command =>
  command
    .argument('<asset>', asset)
    .option('--index <number>', 'which channel: 0 pays calls one by one, those after it pay sessions', '0')
    .option(...accountOption)

/** The client, who pays, and which channel is meant. */
async function open(id: string, options: Options) {
  const client = await connect(options, readEnvironment())
  const { payer } = await openPayments(client, readEnvironment())
  const token = await paymentToken(client)
  const amount = options.amount === undefined ? undefined : parseAmount(options.amount, token.decimals)
  const named = { asset: parseId(id, 'asset'), index: parseCount(options.index, 'index', 16), payer }
  return { client, token, named, amount }
}

const amountOption = ['--amount <amount>', 'in whole tokens (default: all that is left)'] as const

const listCommand = (output: Output): Command =>
  createCommand(
    'list',
    'What is left in all your channels, also in those of mandates',
    'agorai channel list --account dev:6',
  )
    .option(...accountOption)
    .action(async (options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const { payer, channels } = await openPayments(client, readEnvironment())
      const configs = (await channels.list()).map(({ config }) => config)
      const found = await listChannels(client, { configs, payer })
      const lines = await Promise.all(
        found.map(async (each) => describe(each, await paymentToken(client, each.config.token))),
      )
      output.result(found, lines.length === 0 ? ['No money is in a channel of this account.'] : lines.flat())
    })

function describe(
  { channel, index, balance, totalClaimed, withdrawal, config }: ListedChannel,
  token: PaymentToken,
): string[] {
  const purpose =
    index === undefined ? 'of a mandate' : index === 0 ? 'calls one by one' : `sessions (--index ${index})`
  const left = `${formatAmount(balance - totalClaimed, token)} not claimed of ${formatAmount(balance, token)}`
  const leaving = withdrawal && `being withdrawn: from ${formatDate(withdrawal.initiatedAt + config.withdrawDelay)} on`
  return [channel, `  ${[purpose, left, ...(leaving === undefined ? [] : [leaving])].join(', ')}`]
}

const showCommand = (output: Output): Command =>
  common(createCommand('show', 'What a channel holds', 'agorai channel show 4 --account dev:6')).action(
    async (id: string, options: Options) => {
      const { client, token, named } = await open(id, options)
      const found = await getChannel(client, named)
      const { channel, balance, totalClaimed, charged, withdrawal } = found
      output.result(
        found,
        formatTable([
          ['channel', channel],
          ['deposited', formatAmount(balance, token)],
          ['claimed', formatAmount(totalClaimed, token)],
          ['charged', charged === undefined ? 'not remembered here' : formatAmount(charged, token)],
          ...(withdrawal === undefined ? [] : [['withdrawal', `begun ${formatDate(withdrawal.initiatedAt)}`]]),
        ]),
      )
    },
  )

const refundCommand = (output: Output): Command =>
  common(
    createCommand('refund', 'Ask the operator for what is left, at once', 'agorai channel refund 4 --account dev:6'),
  )
    .option(...amountOption)
    .action(async (id: string, options: Options) => {
      const { client, token, named, amount } = await open(id, options)
      const refunded = await refundChannel(client, { ...named, amount })
      output.result(refunded, [
        `${formatAmount(refunded.amount, token)} came back.`,
        `Transaction ${refunded.transaction}`,
      ])
    })

const moreOfWithdraw = `
The first time it begins: the operator then has the channel's delay to claim what calls have cost. The same command after
that brings the rest. By the channel's own id, as \`agorai channel list\` names it, it needs no operator at all:
  agorai channel withdraw 0x… --account dev:6`

const withdrawCommand = (output: Output): Command =>
  common(
    createCommand('withdraw', 'Take what is left by the chain alone', 'agorai channel withdraw 4 --account dev:6'),
    'id of a service of the operator, or of the channel itself',
  )
    .option(...amountOption)
    .addHelpText('after', moreOfWithdraw)
    .action(async (id: string, options: Options) => {
      const { token, withdrawn } = /^0x[0-9a-fA-F]{64}$/.test(id)
        ? await withdrawById(id.toLowerCase(), options)
        : await withdrawByService(id, options)
      const sum = formatAmount(withdrawn.amount, token)
      const same = `agorai channel withdraw ${withdrawn.channel}`
      output.result(withdrawn, [
        withdrawn.state === 'done'
          ? `${sum} came back.`
          : `The withdrawal of ${sum} has begun. After ${formatDate(withdrawn.at)}, end it: ${same}`,
      ])
    })

type Withdrawn = { token: PaymentToken; withdrawn: WithdrawChannelReturnType }

async function withdrawByService(id: string, options: Options): Promise<Withdrawn> {
  const { client, token, named, amount } = await open(id, options)
  const withdrawn = await withdrawChannel(client, { ...named, amount }).catch((cause: unknown) => {
    if (!isAgoraiError(cause, 'model_not_found')) throw cause
    const message = `Asset ${id} is not served here. Name the channel itself: \`agorai channel list\` tells its id.`
    throw new AgoraiError('model_not_found', message, { field: 'asset', cause })
  })
  return { token, withdrawn }
}

/** By what is remembered of the channel, so without the operator. */
async function withdrawById(channel: string, options: Options): Promise<Withdrawn> {
  const client = await connect(options, readEnvironment())
  const payments = await openPayments(client, readEnvironment())
  const config = await findConfig(client, payments, channel)
  const token = await paymentToken(client, config.token)
  const amount = options.amount === undefined ? undefined : parseAmount(options.amount, token.decimals)
  const withdrawn = await withdrawChannel(client, { config, amount, payer: payments.payer })
  return { token, withdrawn }
}

async function findConfig(
  client: AgoraiClient,
  { payer, channels }: Payments,
  channel: string,
): Promise<ChannelConfig> {
  const configs = (await channels.list()).map(({ config }) => config)
  const found = (await listChannels(client, { configs, payer })).find((each) => each.channel === channel)
  if (found !== undefined) return found.config
  throw new AgoraiError(
    'not_found',
    'No money of this account is in such a channel: `agorai channel list` shows yours.',
    {
      field: 'asset',
    },
  )
}
