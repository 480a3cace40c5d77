import type { SpendingPolicy } from '@agorai/core'
import type { Command } from 'commander'
import { accountOption, type CommonOptions, createCommand, parseAddress, parseAmount, parseId } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { formatAmount, formatTable } from '../output/format.js'
import type { Output } from '../output/output.js'
import { policyPath, spendingPath } from '../payments/openPayments.js'
import { readPolicy, readSpending } from '../payments/spendingFile.js'
import { writeState } from '../payments/stateFile.js'
import { type PaymentToken, paymentToken } from '../paymentToken.js'

/** What takes a rule away. */
const any = 'any'

type Options = CommonOptions & {
  perCall?: string
  perDay?: string
  perAsset?: string
  total?: string
  assets?: string[]
  operators?: string[]
}

const more = `
What is not named stays as it was; "any" takes a rule away: agorai policy --per-day any --account dev:6
Without options it shows what holds. Money is counted from the first rule on.`

export function policyCommand(output: Output): Command {
  return createCommand(
    'policy',
    'Show or set what your account may spend on calls; it is checked before anything is signed',
    'agorai policy --per-call 0.01 --per-day 1 --assets 4 7 --account dev:6',
  )
    .option('--per-call <amount>', 'the most that one signature gives away, in whole tokens')
    .option('--per-day <amount>', 'the most in one UTC day')
    .option('--per-asset <amount>', 'the most for one asset in one UTC day')
    .option('--total <amount>', 'the most ever')
    .option('--assets <ids...>', 'assets that may be paid for')
    .option('--operators <addresses...>', 'operators that may be paid')
    .option(...accountOption)
    .addHelpText('after', more)
    .action(async (options: Options) => {
      const client = await connect(options, readEnvironment())
      const token = await paymentToken(client)
      const path = policyPath(readEnvironment(), client)
      const rules = toRules(options, token)
      // What is not named stays as it was.
      const policy: SpendingPolicy = { token: token.address, ...(await readPolicy(path)), ...rules }
      if (Object.keys(rules).length > 0) await writeState(path, policy)
      const { day, today, total } = await readSpending(spendingPath(readEnvironment(), client))
      const spentToday = day === Math.floor(Date.now() / 86_400_000) ? today : 0n
      output.result({ ...policy, spentToday, spentEver: total }, [
        ...describe(policy, token),
        `Spent since there are rules: ${formatAmount(spentToday, token)} today, ${formatAmount(total, token)} ever.`,
      ])
    })
}

/** A rule that is undefined is taken away. */
function toRules(options: Options, token: PaymentToken): Partial<SpendingPolicy> {
  const { perCall, perDay, perAsset, total, assets, operators } = options
  const amounts = { perCallMax: perCall, perDayMax: perDay, perAssetMax: perAsset, totalMax: total }
  const given = Object.entries(amounts).flatMap(([rule, text]) =>
    text === undefined ? [] : [[rule, text === any ? undefined : parseAmount(text, token.decimals, rule)]],
  )
  const listOf = <value>(names: string[], parse: (name: string) => value): value[] | undefined =>
    names.length === 1 && names[0] === any ? undefined : names.map(parse)
  return {
    ...Object.fromEntries(given),
    ...(assets === undefined ? {} : { assets: listOf(assets, (id) => parseId(id, 'assets')) }),
    ...(operators === undefined
      ? {}
      : { operators: listOf(operators, (address) => parseAddress(address, 'operators')) }),
  }
}

function describe(policy: SpendingPolicy, token: PaymentToken): string[] {
  const amountOf = (amount: bigint | undefined): string => (amount === undefined ? 'any' : formatAmount(amount, token))
  return formatTable([
    ['a call', amountOf(policy.perCallMax)],
    ['a day', amountOf(policy.perDayMax)],
    ['an asset a day', amountOf(policy.perAssetMax)],
    ['ever', amountOf(policy.totalMax)],
    ['assets', policy.assets?.join(', ') ?? 'any'],
    ['operators', policy.operators?.join(', ') ?? 'any'],
  ])
}
