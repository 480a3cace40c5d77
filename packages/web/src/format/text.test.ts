import { expect, test } from 'vitest'
import { formatBytes, formatCount, kindName, shorten, wrapText } from './text.js'

test('hashes keep both ends', () => {
  expect(shorten('0x976EA74026E726554dB657fA54763abd0C3a0aa9')).toBe('0x976E…0aa9')
  expect(shorten('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi')).toBe('bafybeig…bzdi')
  expect(shorten('0x1234')).toBe('0x1234')
})

test('sizes are cut, never rounded up', () => {
  expect([0, 999, 1000, 203_999, 1_048_576, 2_500_000_000].map(formatBytes)).toEqual(
    ['0 B', '999 B', '1 kB', '203.9 kB', '1 MB', '2.5 GB'].map((value) => value.replace(' ', '\u00a0')),
  )
})

test('counts agree with their noun', () => {
  expect([formatCount(1, 'row'), formatCount(8000, 'row'), formatCount(0, 'pass', 'passes')]).toEqual(
    ['1 row', '8,000 rows', '0 passes'].map((value) => value.replace(' ', '\u00a0')),
  )
})

test('text wraps at words and says when it was cut', () => {
  expect(wrapText('Handwritten digits', 12, 2)).toEqual(['Handwritten', 'digits'])
  expect(wrapText('Handwritten digits of three contributors', 12, 2)).toEqual(['Handwritten', 'digits of…'])
  expect(wrapText('Pneumonoultramicroscopic', 12, 2)).toEqual(['Pneumonoult…'])
  expect(wrapText('', 12, 2)).toEqual([])
})

test('kinds are words', () => {
  expect([kindName('dataset'), kindName('pipeline')]).toEqual(['Dataset', 'Pipeline'])
})
