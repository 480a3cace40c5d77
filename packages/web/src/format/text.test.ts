import { expect, test } from 'vitest'
import { formatBytes, formatCount, kindName, lineParts, parseAccounts, shorten, wrapText } from './text.js'

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

test('a list of accounts is read however it is separated', () => {
  const [first, second] = ['0x976EA74026E726554dB657fA54763abd0C3a0aa9', '0x14dc79964da2c08b23698b3d3cc7ca32193d9955']
  expect(parseAccounts(`${first}\n${second}`)).toEqual({ accounts: [first, second], stray: undefined })
  expect(parseAccounts(`["${first}", "${second}"]`).accounts.length).toBe(2)
  expect(parseAccounts(`${first} alice`)).toEqual({ accounts: [first], stray: 'alice' })
  expect(parseAccounts(' ')).toEqual({ accounts: [], stray: undefined })
})

test('a long word breaks where it hurts least', () => {
  const address = `0x${'a'.repeat(20)}${'b'.repeat(20)}`
  expect(lineParts(address)).toEqual([`0x${'a'.repeat(19)}`, `a${'b'.repeat(20)}`])
  expect(lineParts('http://127.0.0.1:4670/v1/completions')).toEqual(['http://127.0.0.1:4670/', 'v1/', 'completions'])
  expect(lineParts('one')).toEqual(['one'])
})
