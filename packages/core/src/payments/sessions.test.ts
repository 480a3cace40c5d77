import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatUsage, parseReceiptHeader, receiptHeaderOf, sessionBytes32 } from './receipts.js'
import {
  counterMax,
  formatBearerToken,
  formatBoundToken,
  isSessionId,
  openSessionSchema,
  parseBearerToken,
  parseBoundToken,
} from './sessions.js'

const letters = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...'ABCXYZabcxyz0189-_'),
    minLength: length,
    maxLength: length,
  })

describe('tokens of a session', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(
        letters(22),
        letters(32),
        letters(22),
        fc.integer({ min: 1, max: counterMax }),
        (id, secret, mac, n) => {
          expect(parseBearerToken(`Bearer ${formatBearerToken({ session: id, secret })}`)).toEqual({
            session: id,
            secret,
          })
          const token = { session: id, counter: n, mac }
          expect(parseBoundToken(formatBoundToken(token))).toEqual(token)
          expect(isSessionId(id)).toBe(true)
        },
      ),
    )
  })

  test('have one spelling', () => {
    const id = 'A'.repeat(22)
    const mac = 'B'.repeat(22)
    const wrong = [
      `${id}.0.${mac}`,
      `${id}.01.${mac}`,
      `${id}.1e3.${mac}`,
      `${id}.4294967296.${mac}`,
      `${id}.1.${mac}=`,
    ]
    for (const header of [...wrong, `${id}.1.${mac} `, `${id}.-1.${mac}`, '', `${id}..${mac}`])
      expect(parseBoundToken(header), header).toBeUndefined()
    const secret = 'C'.repeat(32)
    for (const header of [
      `bearer ags_${id}.${secret}`,
      `Bearer ${id}.${secret}`,
      `Bearer ags_${id}.${secret}x`,
      'Bearer sk-1',
    ])
      expect(parseBearerToken(header), header).toBeUndefined()
  })
})

describe('a request for a session', () => {
  test.each(['1e3', '0x10', ' 1 ', '', '-1', '1.5', '0', `1${'0'.repeat(80)}`])(
    'with budget %j is refused',
    (budget) => {
      expect(openSessionSchema.safeParse({ budget, asset: '1' }).success).toBe(false)
    },
  )

  test('with a number for a budget, or a field too many, is refused', () => {
    expect(openSessionSchema.safeParse({ budget: 2 ** 53, asset: '1' }).success).toBe(false)
    expect(openSessionSchema.safeParse({ budget: '5', asset: '1', more: 1 }).success).toBe(false)
    expect(openSessionSchema.safeParse({ budget: '5', asset: '1' }).success).toBe(true)
  })
})

describe('usage receipts', () => {
  test('are read as they were written', () => {
    const hash = 'h'.repeat(43)
    const usage = formatUsage({ output_token: 3, input_token: 12, row: 0 })
    expect(usage).toBe('input_token=12,output_token=3')
    const receipt = {
      subject: 'S'.repeat(22),
      counter: 2 ** 32 + 5,
      amount: 77n,
      usage,
      requestHash: hash,
      responseHash: hash,
    }
    expect(parseReceiptHeader(receiptHeaderOf(receipt))).toEqual(receipt)
    expect(parseReceiptHeader('S;n=1')).toBeUndefined()
  })

  test("sign a session's 16 bytes as 32", () => {
    const bytes = Buffer.from(Array.from({ length: 16 }, (_, index) => 240 + index))
    expect(sessionBytes32(bytes.toString('base64url'))).toBe(`0x${bytes.toString('hex')}${'0'.repeat(32)}`)
  })
})
