import type { Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import type { CallAnswered } from '../../ports/paymentRecords.js'
import { createAnswerBook } from './answerBook.js'
import { createKeyedAnswers } from './keyedAnswers.js'
import { createLastAnswers } from './lastAnswers.js'

const record = (key: string, at: number): CallAnswered => ({
  ...{ kind: 'call-answered', scope: 'exact/a', key, requestHash: '0x00', status: 200, headers: {}, body: '', at },
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

describe('the answer book', () => {
  test('has an answer for a day, under the name of whose it is', () => {
    let now = 1_000
    const book = createAnswerBook(() => now)
    book.remember(record('1', now))
    expect(book.get('exact/a', '1')?.at).toBe(1_000)
    expect(book.get('exact/b', '1')).toBeUndefined()
    now += 86_400
    expect(book.get('exact/a', '1')).toBeDefined()
    now += 1
    expect(book.get('exact/a', '1')).toBeUndefined()
    // Old ones are swept now and then, and a later record of the name counts.
    for (let n = 0; n < 2_048; n++) book.remember(record(`${n}`, now))
    expect(book.get('exact/a', '1')?.at).toBe(now)
  })
})

test('answers to exact payments are bounded: the oldest go first, and those of other days are not taken up', () => {
  const now = 100_000
  const book = createAnswerBook(() => now, 10)
  const keep = (key: string, body: string, at = now) => book.remember({ ...record(key, at), body })
  for (const key of ['1', '2', '3']) keep(key, 'xxxx')
  expect(['1', '2', '3'].map((key) => book.get('exact/a', key) !== undefined)).toEqual([false, true, true])
  keep('2', 'xxxxxx')
  expect(['2', '3'].map((key) => book.get('exact/a', key)?.body)).toEqual(['xxxxxx', 'xxxx'])
  keep('4', 'xxxxxxxxxx', now - 86_401)
  expect(book.get('exact/a', '3')).toBeDefined()
})

describe('the last answers', () => {
  const entry = (signature: Hex, bytes: number) => ({
    signature,
    requestHash: idOf(1),
    payment: 'x',
    answer: { kind: 'whole', status: 200, headers: {}, body: new Uint8Array(bytes), usage: {} } as const,
  })

  test('are one a channel, for the voucher that paid for it', () => {
    const last = createLastAnswers()
    last.keep(idOf(1), entry('0x01', 1))
    expect(last.find(idOf(1), '0x01')).toBeDefined()
    expect(last.find(idOf(1), '0x02')).toBeUndefined()
    last.keep(idOf(1), entry('0x02', 1))
    expect(last.find(idOf(1), '0x01')).toBeUndefined()
    expect(last.find(idOf(2), '0x02')).toBeUndefined()
  })

  test('are bounded: large ones are not kept, and the oldest go first', () => {
    const last = createLastAnswers()
    last.keep(idOf(1), entry('0x01', 256 * 1024 + 1))
    expect(last.find(idOf(1), '0x01')).toBeUndefined()
    for (let n = 0; n < 300; n++) last.keep(idOf(n), entry('0x01', 256 * 1024))
    expect(last.find(idOf(0), '0x01')).toBeUndefined()
    expect(last.find(idOf(299), '0x01')).toBeDefined()
  })

  test('outlive a generation, and one that is too large hides the one before it', () => {
    const last = createLastAnswers()
    last.keep(idOf(0), entry('0x01', 1))
    for (let n = 1; n < 150; n++) last.keep(idOf(n), entry('0x01', 256 * 1024))
    expect(last.find(idOf(0), '0x01')).toBeDefined()
    last.keep(idOf(0), entry('0x02', 256 * 1024 + 1))
    expect(last.find(idOf(0), '0x01')).toBeUndefined()
    expect(last.find(idOf(0), '0x02')).toBeUndefined()
  })
})

describe('answers under idempotency keys', () => {
  const answer = (bytes: number) =>
    ({ kind: 'whole', status: 200, headers: {}, body: new Uint8Array(bytes), usage: {} }) as const
  const [channel, another] = [idOf(1), idOf(2)]

  test('are for the same request on the same channel, whatever came between', () => {
    const keyed = createKeyedAnswers()
    keyed.keep(channel, 'a', { requestHash: idOf(1), answer: answer(1) })
    keyed.keep(channel, 'b', { requestHash: idOf(1), answer: answer(2) })
    expect(keyed.find(channel, 'a', idOf(1))?.body.length).toBe(1)
    expect(keyed.find(channel, 'a', idOf(2))).toBeUndefined()
    expect(keyed.find(another, 'a', idOf(1))).toBeUndefined()
  })

  test('are bounded: large ones and long keys are not kept, and the oldest go first', () => {
    const keyed = createKeyedAnswers(3 * 1_124)
    keyed.keep(channel, 'large', { requestHash: idOf(1), answer: answer(256 * 1024 + 1) })
    keyed.keep(channel, 'k'.repeat(256), { requestHash: idOf(1), answer: answer(1) })
    expect(keyed.find(channel, 'k'.repeat(256), idOf(1))).toBeUndefined()
    expect(keyed.find(channel, 'large', idOf(1))).toBeUndefined()
    for (const key of ['1', '2', '2', '3', '4']) keyed.keep(channel, key, { requestHash: idOf(1), answer: answer(100) })
    expect(['1', '2', '3', '4'].map((key) => keyed.find(channel, key, idOf(1)) !== undefined)).toEqual([
      ...[false, true, true, true],
    ])
  })
})
