import { getChannel, refundChannel, withdrawChannel } from '@agorai/sdk'
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
import { openPayments } from '../payments/openPayments.js'
import { paymentToken } from '../paymentToken.js'

export const channelCommand = (output: Output): Command =>
  createGroup('channel', 'Channels: what is deposited with an operator, and how it comes back', [
    showCommand(output),
    refundCommand(output),
    withdrawCommand(output),
  ])

type Options = CommonOptions & { index: string; amount?: string }

const common = (command: Command): Command =>
  command
    .argument('<asset>', 'id of a service of the operator')
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

const withdrawCommand = (output: Output): Command =>
  common(createCommand('withdraw', 'Take what is left by the chain alone', 'agorai channel withdraw 4 --account dev:6'))
    .option(...amountOption)
    .action(async (id: string, options: Options) => {
      const { client, token, named, amount } = await open(id, options)
      const withdrawn = await withdrawChannel(client, { ...named, amount })
      const sum = formatAmount(withdrawn.amount, token)
      output.result(withdrawn, [
        withdrawn.state === 'done'
          ? `${sum} came back.`
          : `The withdrawal of ${sum} has begun. The same command ends it after ${formatDate(withdrawn.at)}.`,
      ])
    })
