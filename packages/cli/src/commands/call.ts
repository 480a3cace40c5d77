import {
  AgoraiError,
  isAgoraiError,
  type MeteredUnits,
  type ServedServiceInfo,
  servedServiceSchema,
  servingApis,
} from '@agorai/core'
import {
  type AgoraiClient,
  type CallModelParameters,
  callModel,
  getQuote,
  type PaidBy,
  type StreamEnd,
  streamModel,
} from '@agorai/sdk'
import { type Command, Option } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { describeUnits } from '../output/describeUnits.js'
import { formatAmount, formatDate } from '../output/format.js'
import type { Output } from '../output/output.js'
import { type InputOptions, readInput } from '../payments/callInput.js'
import { chooseWay, type Way, type WayOptions } from '../payments/chooseWay.js'
import { describeAnswer, textOf } from '../payments/describeAnswer.js'
import { mandateOption } from '../payments/openPayments.js'
import type { PendingCall } from '../payments/pendingCalls.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

type Options = CommonOptions & InputOptions & WayOptions & { stream?: boolean; maxPrice?: string; key?: string }

const more = `
More examples:
  agorai call 3 --image digit.png --account dev:6
  agorai call 5 --prompt "The sea" --stream --max-price 0.01 --account dev:6
  agorai call 5 --prompt "The sea" --free --account dev:6
  agorai call 5 --prompt "The sea" --session <id> --account dev:6

What pays: --session, --free, --mandate or --pay where one is given; else a pass that you hold for calls of this service
("agorai buy" gets one); else a voucher of your channel with the operator, into which the first call deposits for ten
like it ("agorai channel show" tells what is in it).
An answer that was lost is not paid twice: the same command gets it, within a day.`

export function callCommand(output: Output): Command {
  return createCommand('call', 'Call a service and pay for it', 'agorai call 5 --prompt "The sea" --account dev:6')
    .argument('<asset>', 'id of the service')
    .option('--prompt <text>', 'what a text service is to go on with, or answer')
    .option('--image <file>', 'a square PNG for a model of pictures')
    .option('--row <numbers>', 'a row for a model of numbers, with commas between them')
    .option('--input <file>', 'the body of the call as the API takes it, as JSON')
    .addOption(new Option('--api <api>', 'which API to call (default: what fits the input)').choices(servingApis))
    .option('--max-tokens <count>', 'the longest answer, in tokens')
    .option('--stream', 'show the answer as it is made')
    .option('--max-price <amount>', 'the most that it may cost, in whole tokens (default: what the service asks for)')
    .option('--session <id>', 'pay from this session')
    .addOption(
      new Option('--free', 'take one of the free calls of today').conflicts(['session', 'pay', 'mandate', 'maxPrice']),
    )
    .addOption(
      new Option('--pay <wire>', 'pay by a voucher of your channel, or exactly by a transfer').choices([
        'voucher',
        'exact',
      ]),
    )
    .option('--key <text>', 'your own idempotency key: one answer and one charge, however often it is sent in a day')
    .option(...mandateOption)
    .option(...accountOption)
    .addHelpText('after', more)
    .action(async (id: string, options: Options) => {
      const client = await connect(options, readEnvironment())
      const asset = parseId(id, 'asset')
      const service = await readService(client, asset)
      const token = await paymentToken(client, service.serving.token)
      const input = await readInput(service, options)
      const asked = { service: asset, ...input }
      const quote = await getQuote(client, options.stream ? { ...asked, body: { ...asked.body, stream: true } } : asked)
      const amountMax =
        options.maxPrice === undefined
          ? BigInt(quote.amountMax)
          : parseAmount(options.maxPrice, token.decimals, 'maxPrice')
      const way = await chooseWay(client, service, options)
      output.note(way.note ?? `At most ${formatAmount(BigInt(quote.amountMax), token)}.`)
      const pending = await begin(client, { asked, way, options })
      if (pending?.lostAt !== undefined)
        output.note(
          `The answer to this call of ${formatDate(pending.lostAt)} was lost: asking for it, not paying again.`,
        )
      const { session, payer, wire } = way
      const call = { ...asked, amountMax, session, payer, wire, key: options.key ?? pending?.key }
      const paidBy = way.offer === undefined ? {} : { offer: way.offer }
      try {
        const called = options.stream ? await stream(call) : await answer(call)
        await pending?.answered()
        await way.keep(called.amount)
        const payment = describePayment(called, { token, serving: service.serving })
        if ('text' in called) output.result({ ...called, ...paidBy }, [payment])
        else output.result({ ...called, ...paidBy }, [...describeAnswer(input.api, called.result), payment])
      } catch (error) {
        await pending?.failed(error)
        throw way.name === 'free' ? asNoneLeft(error, service) : error
      }

      async function answer(parameters: CallModelParameters) {
        output.progress('Waiting for the answer')
        return callModel(client, parameters)
      }

      async function stream(parameters: CallModelParameters): Promise<StreamEnd & { text: string }> {
        const { events, ended } = await streamModel(client, parameters)
        let text = ''
        for await (const event of events) {
          const piece = textOf(event)
          text += piece
          output.piece(piece)
        }
        output.piece('\n')
        return { text, ...(await ended) }
      }
    })
}

type Begun = { asked: Pick<CallModelParameters, 'service' | 'api' | 'body'>; way: Way; options: Options }

/** Writes the call down before it is sent. A session's stream is not: under a key it would be sent whole. */
async function begin(client: AgoraiClient, { asked, way, options }: Begun): Promise<PendingCall | undefined> {
  const { stream = false, key, session = '', pay = '', mandate = '' } = options
  if (key !== undefined || (stream && way.session !== undefined)) return undefined
  const name = [way.name, way.offer ?? '', session, pay, mandate, stream].join(' ')
  return way.pending?.begin({ node: client.node.href, ...asked, way: name })
}

/** That a session of free calls is used up is not to be mended by a top-up. */
const asNoneLeft = (error: unknown, { serving }: ServedServiceInfo): unknown =>
  isAgoraiError(error, 'session_exhausted')
    ? new AgoraiError('entitlement_missing', `The ${serving.freeCalls} free calls of today are used.`, {
        field: 'free',
        cause: error,
      })
    : error

const readService = (client: AgoraiClient, asset: bigint): Promise<ServedServiceInfo> =>
  client.http.json(servedServiceSchema, { path: `api/v1/services/${asset}` })

const ways: Record<PaidBy, (money: string) => string> = {
  session: (money) => `Paid ${money}, from the session.`,
  voucher: (money) => `Paid ${money}, by a voucher of the channel.`,
  exact: (money) => `Paid ${money}, by a transfer.`,
  pass: () => 'Paid nothing: your pass pays.',
  free: () => 'Paid nothing.',
}

/** What was paid, and how much was used of what has a price. */
function describePayment(
  { amount, paidBy, usage = {} }: { amount: bigint; paidBy: PaidBy; usage?: MeteredUnits | undefined },
  { token, serving }: { token: PaymentToken; serving: ServedServiceInfo['serving'] },
): string {
  const used = serving.prices.flatMap(({ unit }) => {
    const count = usage[unit]
    return count === undefined ? [] : [describeUnits(unit, count)]
  })
  return `${ways[paidBy](formatAmount(amount, token))}${used.length === 0 ? '' : ` Used: ${used.join(', ')}.`}`
}
