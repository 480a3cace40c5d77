import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amountSchema, batchPayloadSchema, decodeHeader, encodeHeader, exactPayloadSchema } from './x402.js'

const address = '0x00000000000000000000000000000000000000aa'
const word = `0x${'AB'.repeat(32)}`
const channelConfig = {
  payer: address,
  payerAuthorizer: address,
  receiver: address,
  receiverAuthorizer: address,
  token: address,
  withdrawDelay: 900,
  salt: word,
}
const voucher = { channelId: word, maxClaimableAmount: '1', signature: '0x12' }

describe('amounts', () => {
  test.each([
    '1e3',
    '0x10',
    ' 1 ',
    '',
    '-1',
    '1.5',
    '01',
    `${2n ** 128n}`,
    '9'.repeat(39),
    `1${'0'.repeat(80)}`,
    1,
    null,
  ])('%j is none', (value) => expect(amountSchema.safeParse(value).success).toBe(false))
  test('all others below 2^128 are', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (value) => amountSchema.parse(String(value)) === String(value)),
    )
  })
})

describe('a header', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' })), (value) => {
        const header = encodeHeader(value)
        expect(header).toMatch(/^[A-Za-z0-9+/]*={0,2}$/)
        expect(decodeHeader(header)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  test.each(['%%', 'e30', '', btoa('{'), btoa('\xff\xfe')].filter((header) => header !== 'e30'))(
    '%j is none',
    (header) => expect(decodeHeader(header)).toBeUndefined(),
  )
})

describe('payloads', () => {
  test('have their hex in lower case, and nothing that is not theirs', () => {
    const payload = { type: 'voucher', channelConfig, voucher }
    expect(batchPayloadSchema.parse(payload)).toMatchObject({ voucher: { channelId: word.toLowerCase() } })
    const wrong = [
      { ...payload, more: 1 },
      { ...payload, type: 'claim' },
      { ...payload, channelConfig: { ...channelConfig, withdrawDelay: 899 } },
      { ...payload, channelConfig: { ...channelConfig, payer: '0xAb00000000000000000000000000000000000000' } },
      { ...payload, voucher: { ...voucher, signature: '0x1' } },
      { ...payload, type: 'deposit', deposit: { amount: '1', authorization: { permit2Authorization: {} } } },
    ]
    for (const each of wrong) expect(batchPayloadSchema.safeParse(each).success).toBe(false)
  })
  test('of a transfer name every field', () => {
    const authorization = { from: address, to: address, value: '1', validAfter: '0', validBefore: '9', nonce: word }
    expect(exactPayloadSchema.safeParse({ signature: '0x12', authorization }).success).toBe(true)
    for (const name of Object.keys(authorization)) {
      const { [name as 'from']: _, ...rest } = authorization
      expect(exactPayloadSchema.safeParse({ signature: '0x12', authorization: rest }).success).toBe(false)
    }
  })
})
