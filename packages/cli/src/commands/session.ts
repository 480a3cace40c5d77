import { AgoraiError, isAgoraiError, type SessionInfo } from '@agorai/core'
import { closeSession, getSession, type KeptSession, openSession, topUpSession } from '@agorai/sdk'
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
import { formatAmount, formatDate } from '../output/format.js'
import type { Output } from '../output/output.js'
import { type MandateOptions, mandateOption, openPayments } from '../payments/openPayments.js'
import { resumeSession } from '../payments/resumeSession.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

export const sessionCommand = (output: Output): Command =>
  createGroup('session', 'Sessions: one payment for many calls, with any OpenAI client', [
    openCommand(output),
    showCommand(output),
    topUpCommand(output),
    closeCommand(output),
  ])

const budgetDefault = '0.1'

type OpenOptions = CommonOptions & MandateOptions & { budget?: string; asset?: string; offer?: string; hours: string }

const openCommand = (output: Output): Command =>
  createCommand(
    'open',
    'Open a session and print what an OpenAI client needs',
    'agorai session open --budget 0.50 --asset 5 --account dev:6',
  )
    .option('--budget <amount>', `the most that its calls may come to, in whole tokens (default: ${budgetDefault})`)
    .option('--asset <id>', 'the one service that it is for (default: all of this operator)')
    .option('--offer <id>', 'instead of paying: the offer whose pass you hold; 0 takes the free calls of today')
    .option('--hours <number>', 'how long it lasts', '1')
    .option(...mandateOption)
    .option(...accountOption)
    .action(async (options: OpenOptions) => {
      const client = await connect(options, readEnvironment())
      const { payer, sessions } = await openPayments(client, readEnvironment(), options)
      const token = await paymentToken(client)
      const paid = options.offer === undefined
      const budget = paid ? parseAmount(options.budget ?? budgetDefault, token.decimals, 'budget') : undefined
      const session = await openSession(client, {
        payer,
        budget,
        // Nobody tops it up while another program has its token.
        ceiling: budget,
        asset: options.asset === undefined ? undefined : parseId(options.asset, 'asset'),
        offer: options.offer === undefined ? undefined : parseId(options.offer, 'offer'),
        token: token.address,
        expiresInSeconds: parseCount(options.hours, 'hours', 24) * 3_600,
      })
      const { baseURL, apiKey } = session.openai()
      const kept = session.kept()
      await sessions.save(kept)
      const { session: id, ceiling, expiresAt, channel } = kept
      output.result({ session: id, baseURL, apiKey, bearerIsReplayable: true, ceiling, expiresAt }, [
        `Session ${id}`,
        ...(channel === undefined ? [] : [`Ceiling  ${formatAmount(ceiling, token)}`]),
        `Until    ${formatDate(expiresAt)}`,
        `baseURL  ${baseURL}`,
        `apiKey   ${apiKey}`,
        'Whoever has this key can use it again and again, up to the ceiling. Keep it as you keep money.',
        `Next: agorai call ${options.asset ?? '<asset>'} --session ${id} --prompt "…"`,
        `At the end, so that what was not used is free again: agorai session close ${id}`,
      ])
    })

const sessionArgument = ['<session>', 'id of the session'] as const

const showCommand = (output: Output): Command =>
  createCommand('show', 'How your sessions stand', 'agorai session show --account dev:6')
    .argument('[session]', 'id of the session (default: all that are kept here)')
    .option(...accountOption)
    .action(async (id: string | undefined, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const { sessions } = await openPayments(client, readEnvironment())
      const kept = id === undefined ? await sessions.list() : [await sessions.get(id)]
      const found = (await Promise.all(kept.map((session) => ask(session)))).filter((each) => each !== undefined)
      const token = await paymentToken(client)
      output.result(
        id === undefined ? found : found[0],
        found.length === 0 ? ['No session is kept here.'] : found.map((each) => describe(each, token)),
      )

      /** One that ended by itself is told once and forgotten, so that it is not in the way of the others. */
      async function ask(session: KeptSession): Promise<SessionInfo | undefined> {
        const info = await getSession(client, { session }).catch((error: unknown) => {
          if (id === undefined && isAgoraiError(error, 'session_refused')) return undefined
          throw error
        })
        if (info === undefined || info.state === 'closed') await sessions.remove(session.session)
        return info
      }
    })

const topUpCommand = (output: Output): Command =>
  createCommand('top-up', 'Raise the ceiling of a session', 'agorai session top-up <id> --budget 1 --account dev:6')
    .argument(...sessionArgument)
    .requiredOption('--budget <amount>', 'what its calls may come to in all, in whole tokens')
    .option(...mandateOption)
    .option(...accountOption)
    .action(async (id: string, options: CommonOptions & MandateOptions & { budget: string }) => {
      const client = await connect(options, readEnvironment())
      const { payer, sessions } = await openPayments(client, readEnvironment(), options)
      const token = await paymentToken(client)
      const before = await sessions.get(id)
      const ceiling = parseAmount(options.budget, token.decimals, 'budget')
      if (ceiling <= before.ceiling)
        throw new AgoraiError(
          'invalid_request',
          `Its ceiling is ${formatAmount(before.ceiling, token)} and only rises.`,
          {
            field: 'budget',
          },
        )
      const kept = await topUpSession(client, { session: resumeSession(payer, before), ceiling })
      await sessions.save(kept)
      output.result({ session: id, ceiling: kept.ceiling }, [`Ceiling ${formatAmount(kept.ceiling, token)}`])
    })

const closeCommand = (output: Output): Command =>
  createCommand('close', 'Close a session: what was used is paid', 'agorai session close <id> --account dev:6')
    .argument(...sessionArgument)
    .option(...accountOption)
    .action(async (id: string, options: CommonOptions) => {
      const client = await connect(options, readEnvironment())
      const { payer, sessions } = await openPayments(client, readEnvironment())
      const session = resumeSession(payer, await sessions.get(id))
      const closed = await closeSession(client, { session })
      if (closed.state === 'closed') await sessions.remove(id)
      output.result(closed, [describe(closed, await paymentToken(client))])
    })

function describe(info: SessionInfo, token: PaymentToken): string {
  const { session, state, charged, ceiling, paidBy, asset, expiresAt } = info
  const used = formatAmount(BigInt(charged), token)
  const sums = {
    channel: `${used} of ${formatAmount(BigInt(ceiling), token)}`,
    pass: 'paid by your pass',
    free: `${charged} of ${ceiling} free calls`,
  }
  const scope = asset === undefined ? 'every service' : `service ${asset}`
  return `${session}  ${state}  ${sums[paidBy]}, ${scope}, until ${formatDate(expiresAt)}`
}
