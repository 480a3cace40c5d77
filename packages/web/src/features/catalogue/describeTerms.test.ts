import type { Terms } from '@agorai/core'
import { expect, test } from 'vitest'
import { describeTerms } from './describeTerms.js'

const open: Terms = {
  derivatives: true,
  royaltyBps: 1_000,
  serveBps: 6_000,
  consent: false,
  attribution: true,
  commercial: true,
}
const wordsOf = (terms: Partial<Terms>, freeOnly?: boolean) =>
  Object.fromEntries(
    describeTerms({ ...open, ...terms }, freeOnly).map(({ name, words }) => [name, words.replaceAll('\u00a0', ' ')]),
  )

test('open terms say what may be done, and what it costs', () => {
  expect(wordsOf({})).toEqual({
    'Building from it': 'Others may build from it.',
    'Selling its work': 'Services may sell its work, and owe it 60 % of what they take in for it.',
    Royalty: 'What is built from it, directly or through others, owes it 10 % of every sale.',
    'Commercial use': 'What others build from it may be sold.',
    Attribution: 'Whoever builds from it names it.',
  })
})

test('what is not granted is said, and nothing is said of what cannot happen', () => {
  const words = wordsOf({ derivatives: false, serveBps: 0, royaltyBps: 0 })
  expect(words).toEqual({
    'Building from it': 'Nobody but its owner may build from it.',
    'Selling its work': 'No service of others may sell its work.',
    Royalty: 'What is built from it owes it nothing.',
  })
})

test('consent is asked for both, and free stays free', () => {
  const words = wordsOf({ consent: true, commercial: false, attribution: false }, true)
  expect(words['Building from it']).toContain('with the owner’s signed consent')
  expect(words['Selling its work']).toContain('with the owner’s signed consent')
  expect(words['Commercial use']).toContain('nobody may sell it')
  expect(words.Attribution).toBe('It need not be named.')
  expect(words['Free only']).toContain('only given away')
})

test('what is refused is marked as refused', () => {
  const refused = (terms: Partial<Terms>) =>
    describeTerms({ ...open, attribution: false, ...terms })
      .filter(({ granted }) => !granted)
      .map(({ name }) => name)
  expect(refused({})).toEqual([])
  expect(refused({ derivatives: false })).toEqual(['Building from it'])
  expect(refused({ serveBps: 0 })).toEqual(['Selling its work'])
  expect(refused({ commercial: false, attribution: true })).toEqual(['Commercial use', 'Attribution'])
})
