import { type MeteringUnit, meteringUnits, type Serving, type ServingApi } from '@agorai/core'
import { formatAmount, formatMoney, type Token } from '../../format/money.js'
import { formatCount } from '../../format/text.js'

/** What each unit is called, for one of it and for several. */
const unitWords: Record<MeteringUnit, { one: string; many: string }> = {
  call: { one: 'call', many: 'calls' },
  input_token: { one: 'token read', many: 'tokens read' },
  output_token: { one: 'token written', many: 'tokens written' },
  row: { one: 'row', many: 'rows' },
  millisecond: { one: 'millisecond of computing', many: 'milliseconds of computing' },
}

/** `0.000002 tUSD a token written`: exact, also where one unit costs less than the token's smallest part. */
export function unitPriceWords({ unit, amount, per }: Serving['prices'][number], token: Token): string {
  const { one, many } = unitWords[unit]
  const zeros = /^10*$/.test(String(per)) ? String(per).length - 1 : undefined
  if (zeros === undefined) return `${formatMoney(BigInt(amount), token)} for ${formatCount(per, one, many)}`
  return `${formatAmount(BigInt(amount), token.decimals + zeros)}\u00a0${token.symbol} a ${one}`
}

type Prices = Serving['prices']

/** `12 tokens read, 20 tokens written`: of what was used, the units that cost something. */
export function callUsageWords(usage: Partial<Record<MeteringUnit, number>>, prices: Prices): string {
  return meteringUnits
    .flatMap((unit) => {
      const units = prices.some((price) => price.unit === unit) ? usage[unit] : undefined
      return units ? [formatCount(units, unitWords[unit].one, unitWords[unit].many)] : []
    })
    .join(', ')
}

/** The most that one call may use, in sentences, of what the service can be asked. */
export function limitWords({ apis, limits }: Serving): string[] {
  const writes = apis.some((api) => api === 'completions' || api === 'chat')
  const reads = writes || apis.includes('embeddings')
  return [
    ...(reads ? [`${formatCount(limits.inputTokens, 'token', 'tokens')} read`] : []),
    ...(writes ? [`${formatCount(limits.outputTokens, 'token', 'tokens')} written`] : []),
    ...(apis.includes('infer') ? [formatCount(limits.rows, 'row')] : []),
    `${formatCount(Math.ceil(limits.milliseconds / 1000), 'second')} of computing`,
  ]
}

export const apiWords: Record<ServingApi, string> = {
  completions: 'goes on with a text',
  chat: 'answers a chat',
  embeddings: 'turns texts into vectors',
  infer: 'takes tensors and gives tensors',
}

/** Where each way of calling is asked, under the node's address. */
export function callPath(api: ServingApi, asset: string): string {
  if (api === 'infer') return `/v2/models/${asset}/infer`
  return { completions: '/v1/completions', chat: '/v1/chat/completions', embeddings: '/v1/embeddings' }[api]
}

/** What a receipt says was used, in words; `input_token=12,output_token=20` as receipts write it. */
export function receiptUsageWords(usage: string, prices: Prices): string {
  const units = usage.split(',').map((part) => part.split('='))
  return callUsageWords(Object.fromEntries(units.map(([unit, count]) => [unit, Number(count)])), prices)
}
