import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBytePairCoder, type Merge } from './bytePairs.js'

const [t, h, e] = [0x74, 0x68, 0x65]
const merges: Merge[] = [
  [t, h],
  [256, e],
  [0x20, 257],
]

test('merges the earliest learnt pair first, and never over a word’s edge', () => {
  const { encode, size } = createBytePairCoder(merges)
  expect(size).toBe(259)
  expect(encode('the the')).toEqual([257, 258])
  expect(encode('thhe')).toEqual([256, h, e])
  expect(encode('t he')).toEqual([t, 0x20, h, e])
  expect(encode('')).toEqual([])
})

test('every text comes back, whatever it is', () => {
  const { encode, decode } = createBytePairCoder(merges)
  const decoder = new TextDecoder('utf-8', { fatal: true })
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      expect(decoder.decode(decode(encode(text)))).toBe(text)
    }),
  )
  expect(decoder.decode(decode(encode('\u00a0the\n\tthe  the 12the_—')))).toBe('\u00a0the\n\tthe  the 12the_—')
})

test('a table that names what does not exist yet is refused', () => {
  expect(() => createBytePairCoder([[256, t]])).toThrow(RangeError)
})
