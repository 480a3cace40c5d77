import type { Version } from '@agorai/core'
import { expect, test } from 'vitest'
import { describeChange } from './describeChange.js'

const word = (byte: string) => `0x${byte.repeat(32)}` as const
const first: Version = {
  id: '3',
  asset: '3',
  kind: 'service',
  publisher: '0x0000000000000000000000000000000000000001',
  manifestDigest: word('01'),
  contributorRoot: word('00'),
  contributorBps: 0,
  terms: { derivatives: true, royaltyBps: 500, serveBps: 0, consent: false, attribution: true, commercial: true },
  feeBps: 100,
  parents: ['1'],
  edges: [{ ancestor: '1', bps: 1000 }],
  suppliers: ['2'],
  supplies: [{ supplier: '2', bps: 6000 }],
  erased: false,
  block: 1,
  transaction: word('aa'),
  publishedAt: 1,
}
const change = (later: Partial<Version>) =>
  describeChange(first, { ...first, id: '9', ...later }).map((words) => words.replaceAll('\u00a0', ' '))

test('the first version changed nothing', () => {
  expect(describeChange(undefined, first)).toEqual(['First publication'])
  expect(change({})).toEqual(['Nothing that the chain holds'])
})

test('rates, lists and permissions are compared one by one', () => {
  expect(
    change({
      manifestDigest: word('02'),
      parents: ['1', '4'],
      edges: [
        { ancestor: '1', bps: 1000 },
        { ancestor: '4', bps: 250 },
      ],
      suppliers: ['5'],
      contributorBps: 4000,
      contributorRoot: word('05'),
      terms: { ...first.terms, royaltyBps: 700, commercial: false, consent: true },
      feeBps: 50,
    }),
  ).toEqual([
    'Manifest',
    'Built from: version 4 added',
    'Sells the work of: version 5 added',
    'Sells the work of: version 2 left out',
    'Owed to ancestors 10 % → 12.5 %',
    'Contributors’ share 0 % → 40 %',
    'Contributors',
    'Royalty asked 5 % → 7 %',
    'Selling what is built from it no longer allowed',
    'Consent asked for',
    'Protocol fee 1 % → 0.5 %',
  ])
})
