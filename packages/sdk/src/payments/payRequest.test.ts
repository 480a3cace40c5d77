import { encodeHeader, paymentRequiredHeader } from '@agorai/core'
import { expect, test } from 'vitest'
import type { Payer } from './payer.js'
import { payRequest } from './payRequest.js'

const token = `0x${'33'.repeat(20)}` as const
const other = `0x${'44'.repeat(20)}` as const

test('pays in no token but the one that was named', async () => {
  const way = {
    scheme: 'batch-settlement',
    network: 'eip155:31337',
    amount: '5',
    asset: other,
    payTo: token,
    extra: {},
  }
  const required = { x402Version: 2, resource: { url: 'x' }, accepts: [{ ...way, maxTimeoutSeconds: 300 }] }
  let asked = 0
  const exchange = async () => {
    asked += 1
    return new Response('', { status: 402, headers: { [paymentRequiredHeader]: encodeHeader(required) } })
  }
  // What would be asked of it next it has not got.
  const payer = { client: { http: { exchange }, info: { chain: { id: 31_337 } } } } as unknown as Payer
  const request = { http: { path: 'x' }, key: 'k', asset: undefined, amountMax: 5n, token }
  await expect(payRequest(payer, request)).rejects.toMatchObject({ code: 'payment_refused', field: 'token' })
  expect(asked).toBe(1)
})
