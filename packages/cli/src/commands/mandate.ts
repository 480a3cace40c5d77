import { writeFile } from 'node:fs/promises'
import { mandateJson } from '@agorai/core'
import { fundMandate, signMandate } from '@agorai/sdk'
import type { Command } from 'commander'
import {
  accountOption,
  type CommonOptions,
  createCommand,
  parseAddress,
  parseAmount,
  parseDays,
  parseId,
} from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatDate } from '../output/format.js'
import type { Output } from '../output/output.js'
import { openPayments } from '../payments/openPayments.js'
import { paymentToken } from '../paymentToken.js'

type Options = CommonOptions & {
  perCall: string
  perDay: string
  deposit: string
  only?: boolean
  days: string
  out: string
}

export function mandateCommand(output: Output): Command {
  return createCommand(
    'mandate',
    'Let an agent spend some of your money, within limits that the operator checks, too',
    'agorai mandate 0x14dC79964da2C08b23698B3D3cc7Ca32193d9955 4 --per-call 0.01 --per-day 1 --deposit 5 --out agent.json --account dev:6',
  )
    .argument('<agent>', 'address of the account that may spend')
    .argument('<asset>', 'id of a service of the operator that may be paid')
    .requiredOption('--per-call <amount>', 'the most that one signature gives away, in whole tokens')
    .requiredOption('--per-day <amount>', 'the most in one UTC day')
    .requiredOption('--deposit <amount>', 'what is put into the channel, which is the most ever')
    .requiredOption('--out <file>', 'where the mandate is written, for the agent')
    .option('--only', 'for this service only (default: all of its operator)')
    .option('--days <number>', 'how long it holds', '30')
    .option(...accountOption)
    .action(async (agent: string, id: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const asset = parseId(id, 'asset')
      const token = await paymentToken(client)
      const amountOf = (text: string, field: string): bigint => parseAmount(text, token.decimals, field)
      const { channels } = await openPayments(client, readEnvironment())
      const mandate = await signMandate(client, {
        agent: parseAddress(agent, 'agent'),
        token: token.address,
        perCallMax: amountOf(options.perCall, 'perCall'),
        perDayMax: amountOf(options.perDay, 'perDay'),
        assets: options.only ? [asset] : [],
        validSeconds: parseDays(options.days),
      })
      // Before the deposit: without it nobody could spend what is in the channel.
      await writeFile(options.out, `${mandateJson(mandate)}\n`, { mode: 0o600 })
      const funded = await fundMandate(client, { mandate, asset, amount: amountOf(options.deposit, 'deposit') })
      // What the agent was charged is not known here; the chain tells what was claimed.
      const { channel, config, balance } = funded
      await channels.set(channel, { config, balance, charged: 0n, signedMax: 0n, answered: false })
      output.result({ ...funded, file: options.out }, [
        `${options.out} lets ${mandate.mandate.agent} spend until ${formatDate(Number(mandate.mandate.expiry))}.`,
        `Its channel holds ${formatAmount(funded.balance, token)}. What is not spent comes back to you: agorai channel withdraw ${channel}`,
        `Next, as the agent: agorai call ${asset} --mandate ${options.out} --prompt "…"`,
      ])
    })
}
