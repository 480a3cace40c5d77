import { encodeHeader, type PaymentRequirements, paymentPayloadSchema, x402Errors } from '@agorai/core'
import { describe, expect, test } from 'vitest'
import { createPaymentReader, readPayment } from './readPayment.js'

const receiver = '0x2222222222222222222222222222222222222222'
const token = '0x3333333333333333333333333333333333333333'
const payer = '0x1111111111111111111111111111111111111111'
const way: PaymentRequirements = {
  scheme: 'batch-settlement',
  network: 'eip155:31337',
  amount: '1000',
  asset: token,
  payTo: receiver,
  maxTimeoutSeconds: 300,
  extra: {},
}
const channelId = `0x${'ab'.repeat(32)}`
const payload = {
  type: 'voucher',
  channelConfig: {
    payer,
    payerAuthorizer: payer,
    receiver,
    receiverAuthorizer: receiver,
    token,
    withdrawDelay: 900,
    salt: `0x${'00'.repeat(32)}`,
  },
  voucher: { channelId, maxClaimableAmount: '1000', signature: `0x${'cd'.repeat(65)}` },
}
const document = { x402Version: 2, accepted: way, payload }
const read = (value: object) => readPayment(encodeHeader(value), [way])

describe('readPayment', () => {
  test('reads the usual form by hand as the schemas read it', () => {
    expect(read(document)).toEqual({ scheme: 'batch-settlement', payload, requirements: way })
    expect(paymentPayloadSchema.safeParse(document).success).toBe(true)
  })

  test('reads capitals, and amounts that are large, the careful way', () => {
    const capitals = { ...payload.voucher, channelId: `0x${'AB'.repeat(32)}`, maxClaimableAmount: `${2n ** 128n - 1n}` }
    expect(read({ ...document, payload: { ...payload, voucher: capitals } })).toMatchObject({
      scheme: 'batch-settlement',
      payload: { voucher: { channelId, maxClaimableAmount: `${2n ** 128n - 1n}` } },
    })
  })

  test('takes a refund whatever amount it was offered for', () => {
    const refund = { ...document, accepted: { ...way, amount: '7' }, payload: { ...payload, type: 'refund' } }
    expect(read(refund)).toMatchObject({ scheme: 'batch-settlement', requirements: way })
    expect(read({ ...refund, payload })).toEqual({ scheme: 'none', error: x402Errors.noMatch })
  })

  test.each([
    ['no version', { ...document, x402Version: 1 }],
    ['no payload', { ...document, payload: undefined }],
    ['a payload that is a list', { ...document, payload: [payload] }],
    ['a configuration that is none', { ...document, payload: { ...payload, channelConfig: null } }],
    [
      'a delay that is no number',
      { ...document, payload: { ...payload, channelConfig: { ...payload.channelConfig, withdrawDelay: '900' } } },
    ],
    [
      'an address that is none',
      { ...document, payload: { ...payload, channelConfig: { ...payload.channelConfig, payer: '0x1' } } },
    ],
    [
      'a configuration that says more',
      { ...document, payload: { ...payload, channelConfig: { ...payload.channelConfig, more: 'x' } } },
    ],
    [
      // Nothing that is brought to the chain with it could be encoded, other channels' claims among it.
      'an address with a wrong checksum',
      {
        ...document,
        payload: { ...payload, channelConfig: { ...payload.channelConfig, payer: `0x${'aB'.repeat(20)}` } },
      },
    ],
  ])('%s is no payment', (_, value) => {
    expect(read(value)).toEqual({ scheme: 'none', error: x402Errors.invalidPayload })
  })
})

describe('a header whose JSON can mean two things', () => {
  const other = `"0x${'ef'.repeat(65)}"`
  const text = JSON.stringify(document)
  test.each([
    ['the amount that was accepted twice', text.replace('"amount":"1000"', '"amount":"1","amount":"1000"')],
    ['two payloads', text.replace('"payload":{', '"payload":{},"payload":{')],
    ['two vouchers', text.replace('"voucher":{', '"voucher":{},"voucher":{')],
    ['two signatures', text.replace('"signature":', `"signature":${other},"signature":`)],
    [
      'a signature under a key that is spelled in another way',
      text.replace('"signature":', `"signatur\\u0065":${other},$&`),
    ],
    ['two prices in what is echoed', text.replace('"extra":{}', '"extra":{"a":1,"a":2}')],
    ['a key that reaches a prototype', text.replace('"extra":{}', '"extra":{"__proto__":{}}')],
    [
      'more inside one another than anybody needs',
      text.replace('"extra":{}', `"extra":${'['.repeat(40)}${']'.repeat(40)}`),
    ],
  ])('is no payment: %s', (_, changed) => {
    expect(changed).not.toBe(text)
    expect(JSON.parse(changed)).toBeDefined()
    const header = Buffer.from(changed).toString('base64')
    const known = createPaymentReader()
    known(encodeHeader(document), [way])
    for (const reader of [readPayment, known])
      expect(reader(header, [way])).toEqual({ scheme: 'none', error: x402Errors.invalidPayload })
  })

  test('is no payment where it is not UTF-8', () => {
    const changed = Buffer.from(text.replace('"extra":{}', '"extra":{"a":"\xff"}'), 'latin1')
    expect(readPayment(changed.toString('base64'), [way])).toEqual({ scheme: 'none', error: x402Errors.invalidPayload })
  })
})

test('a reader that has seen a channel reads all that comes on it as before', () => {
  const ways = [way]
  const other = [{ ...way, amount: '2000' }]
  const known = createPaymentReader()
  const next = { ...payload, voucher: { ...payload.voucher, maxClaimableAmount: '2000' } }
  const wider = { ...next, channelConfig: { ...next.channelConfig, withdrawDelay: 901 } }
  const documents = [
    document,
    { ...document, payload: next },
    { ...document, payload: wider },
    { ...document, payload: { ...next, type: 'refund' } },
    { ...document, payload: next, x402Version: 1 },
    { ...document, payload: { ...next, voucher: { ...next.voucher, more: 'x' } } },
    { ...document, payload: { ...next, voucher: { ...next.voucher, maxClaimableAmount: '0x10' } } },
    { x402Version: 2, payload: next, accepted: way },
    // A second voucher in what is echoed is not the one that pays.
    { x402Version: 2, resource: { voucher: payload.voucher }, accepted: way, payload: next },
    { x402Version: 2, resource: { voucher: next.voucher }, accepted: way, payload },
  ]
  for (const given of [documents, documents, documents.toReversed()].flat())
    for (const accepts of [ways, other]) {
      const header = encodeHeader(given)
      expect(known(header, accepts)).toEqual(readPayment(header, accepts))
    }
})
