import { expect, test } from 'vitest'
import { callPath, callUsageWords, limitWords, receiptUsageWords, unitPriceWords } from './callWords.js'

const token = { address: '0x', symbol: 'tUSD', decimals: 6 }
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test('a unit price is exact, also below the smallest part of the token', () => {
  const words = (amount: string, per: number, unit = 'output_token' as const) =>
    plain(unitPriceWords({ unit, amount, per }, token))
  expect(words('2', 1)).toBe('0.000002 tUSD a token written')
  expect(words('2', 1000)).toBe('0.000000002 tUSD a token written')
  expect(words('15', 7)).toBe('0.000015 tUSD for 7 tokens written')
  expect(plain(unitPriceWords({ unit: 'row', amount: '1000000', per: 1 }, token))).toBe('1.00 tUSD a row')
})

test('usage names what was used of the units that cost something', () => {
  const prices = (['input_token', 'output_token'] as const).map((unit) => ({ unit, amount: '1', per: 1 }))
  const used = { output_token: 20, input_token: 1, call: 1, millisecond: 60_000 }
  expect(plain(callUsageWords(used, prices))).toBe('1 token read, 20 tokens written')
  expect(callUsageWords({ input_token: 0 }, prices)).toBe('')
  expect(plain(receiptUsageWords('call=1,input_token=12,output_token=1', prices))).toBe(
    '12 tokens read, 1 token written',
  )
  expect(receiptUsageWords('', prices)).toBe('')
})

test('limits are those of what the service can be asked', () => {
  const limits = { inputTokens: 16, outputTokens: 64, rows: 8, milliseconds: 1_500 }
  const of = (apis: ('completions' | 'embeddings' | 'infer')[]) =>
    limitWords({ runtime: 'onnx', apis, token: '0x0', prices: [], limits, freeCalls: 0 }).map(plain)
  expect(of(['completions'])).toEqual(['16 tokens read', '64 tokens written', '2 seconds of computing'])
  expect(of(['embeddings'])).toEqual(['16 tokens read', '2 seconds of computing'])
  expect(of(['infer'])).toEqual(['8 rows', '2 seconds of computing'])
})

test('tensors are asked of one model, texts of the node', () => {
  expect([callPath('infer', '7'), callPath('chat', '7')]).toEqual(['/v2/models/7/infer', '/v1/chat/completions'])
})
