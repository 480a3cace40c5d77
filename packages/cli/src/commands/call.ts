import { priceOfCall, type ServedServiceInfo, servedServiceSchema, servingApis } from '@agorai/core'
import {
  type AgoraiClient,
  type CallModelParameters,
  callModel,
  getQuote,
  type PaidBy,
  streamModel,
  type Wire,
} from '@agorai/sdk'
import { type Command, Option } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount } from '../output/format.js'
import type { Output } from '../output/output.js'
import { type InputOptions, readInput } from '../payments/callInput.js'
import { describeAnswer, textOf } from '../payments/describeAnswer.js'
import { type MandateOptions, mandateOption, openPayments } from '../payments/openPayments.js'
import { resumeSession } from '../payments/resumeSession.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

type Options = CommonOptions &
  InputOptions &
  MandateOptions & { stream?: boolean; session?: string; maxPrice?: string; pay?: Wire }

const more = `
More examples:
  agorai call 3 --image digit.png --account dev:6
  agorai call 4 --prompt "The sea" --stream --max-price 0.01 --account dev:6
  agorai call 4 --prompt "The sea" --session <id> --account dev:6`

export function callCommand(output: Output): Command {
  return createCommand('call', 'Call a service and pay for it', 'agorai call 4 --prompt "The sea" --account dev:6')
    .argument('<asset>', 'id of the service')
    .option('--prompt <text>', 'what a text service is to go on with, or answer')
    .option('--image <file>', 'a square PNG for a model of pictures')
    .option('--row <numbers>', 'a row for a model of numbers, with commas between them')
    .option('--input <file>', 'the body of the call as the API takes it, as JSON')
    .addOption(new Option('--api <api>', 'which API to call').choices(servingApis))
    .option('--max-tokens <count>', 'the longest answer')
    .option('--stream', 'show the answer as it is made')
    .option('--max-price <amount>', 'the most that it may cost, in whole tokens (default: what the service asks for)')
    .option('--session <id>', 'pay from this session')
    .addOption(new Option('--pay <wire>', 'pay by a channel or by a transfer').choices(['voucher', 'exact']))
    .option(...mandateOption)
    .option(...accountOption)
    .addHelpText('after', more)
    .action(async (id: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const service = await readService(client, parseId(id, 'asset'))
      const token = await paymentToken(client, service.serving.token)
      const input = await readInput(service, options)
      const asked = { service: parseId(id, 'asset'), ...input }
      const quote = await getQuote(client, options.stream ? { ...asked, body: { ...asked.body, stream: true } } : asked)
      output.note(`At most ${formatAmount(BigInt(quote.amountMax), token)}.`)
      const amountMax =
        options.maxPrice === undefined ? BigInt(quote.amountMax) : parseAmount(options.maxPrice, token.decimals)
      const call = { ...asked, amountMax, wire: options.pay, ...(await openWay(client, service, options)) }
      if (options.stream) await stream(call)
      else await answer(call)

      async function answer(parameters: Call): Promise<void> {
        output.progress('Waiting for the answer')
        const called = await callModel(client, parameters)
        await parameters.keep(called.amount)
        output.result(called, [...describeAnswer(input.api, called.result), describePayment(called, token)])
      }

      async function stream(parameters: Call): Promise<void> {
        const { events, ended } = await streamModel(client, parameters)
        let text = ''
        for await (const event of events) {
          const piece = textOf(event)
          text += piece
          output.piece(piece)
        }
        const end = await ended
        await parameters.keep(end.amount)
        output.piece('\n')
        output.result({ text, ...end }, [describePayment(end, token)])
      }
    })
}

type Call = CallModelParameters & { keep(amount: bigint): Promise<void> }

const readService = (client: AgoraiClient, asset: bigint): Promise<ServedServiceInfo> =>
  client.http.json(servedServiceSchema, { path: `api/v1/services/${asset}` })

/** A session that was opened before, or what this user's files know of channels; nothing for a call without a price. */
async function openWay(client: AgoraiClient, { serving }: ServedServiceInfo, { session: id, mandate }: Options) {
  const none = { keep: async () => {} }
  const everything = Object.fromEntries(serving.prices.map(({ unit }) => [unit, 1]))
  if (client.wallet === undefined && priceOfCall(serving.prices, everything) === 0n) return none
  const { payer, sessions } = await openPayments(client, readEnvironment(), {
    ...(mandate === undefined ? {} : { mandate }),
  })
  if (id === undefined) return { payer, ...none }
  const counter = await sessions.countOn(id)
  const session = resumeSession(payer, { ...(await sessions.get(id)), counter: counter - 1 })
  return { session, keep: (amount: bigint) => sessions.addCharge(id, amount) }
}

const ways: Record<PaidBy, string> = {
  session: 'from the session',
  voucher: 'by a voucher of the channel',
  exact: 'by a transfer',
  free: 'nothing was asked for',
}

function describePayment(
  { amount, paidBy, usage }: { amount: bigint; paidBy: PaidBy; usage?: object | undefined },
  token: PaymentToken,
): string {
  const used = Object.entries(usage ?? {}).map(([unit, count]) => `${count} × ${unit}`)
  return `Paid ${formatAmount(amount, token)}, ${ways[paidBy]}.${used.length === 0 ? '' : ` Used: ${used.join(', ')}.`}`
}
