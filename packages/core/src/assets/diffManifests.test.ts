import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeDiff } from './describeDiff.js'
import { diffManifests, histogramDistance } from './diffManifests.js'
import type { Manifest } from './manifest.js'

const word = (byte: string) => `0x${byte.repeat(32)}` as const
const account = (digit: string) => `0x${digit.repeat(40)}` as const

const column = (name: string, counts: number[], nulls = 0) => ({
  ...{ name, type: 'integer' as const, nulls, distinct: counts.length },
  spread: {
    ...{
      min: 0,
      max: 9,
      mean: 4,
      deviation: 1,
      quantiles: [0, 1, 2, 3, 4] as [number, number, number, number, number],
    },
    histogram: { from: 0, to: 10, counts },
  },
})

const before: Manifest = {
  ...{ agorai: '1', kind: 'dataset', name: 'Digits', description: 'Digits.', tags: [] },
  licence: { spdx: 'CC0-1.0', source: 'x', attribution: 'y' },
  contentId: word('01'),
  content: {
    ...{
      cid: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
      bytes: 116,
      chunkRoot: word('03'),
      chunks: 1,
    },
    plaintext: { fileName: 'a.csv', mediaType: 'text/csv', bytes: 100, root: word('02'), rowFormat: 'csv', rows: 10 },
  },
  fields: [
    { name: 'a', type: 'integer' },
    { name: 'b', type: 'string' },
    { name: 'c', type: 'string' },
  ],
  profile: { table: { rows: 10, columns: [column('a', [5, 5])], withheld: [], correlations: [] } },
  provenance: { description: 'x', builtFrom: ['2'] },
  terms: { derivatives: true, royaltyBps: 500, serveBps: 0, consent: false, attribution: true, commercial: true },
  contributors: {
    bps: 1000,
    leaves: [
      { account: account('1'), weight: '4', label: 'One' },
      { account: account('2'), weight: '6', label: 'Two' },
    ],
  },
  ...{ members: [], suppliers: [], metrics: [], croissant: {} },
}

describe('what one version says otherwise than another', () => {
  test('of the same is nothing', () => {
    const nothing = { added: [], removed: [] }
    expect(diffManifests(before, structuredClone(before))).toEqual({
      ...{ drift: [], terms: [], builtFrom: nothing, operators: nothing },
      fields: { ...nothing, retyped: [] },
      contributors: { ...nothing, reweighted: [] },
    })
  })

  test('is told field by field', () => {
    const after = structuredClone(before)
    after.licence.spdx = 'CC-BY-4.0'
    after.terms.royaltyBps = 700
    after.fields = [
      { name: 'a', type: 'integer' },
      { name: 'b', type: 'number' },
      { name: 'd', type: 'string' },
    ]
    if (after.content) after.content.plaintext.rows = 12
    after.profile = { table: { rows: 12, columns: [column('a', [2, 8], 3)], withheld: [], correlations: [] } }
    after.provenance.builtFrom = ['2', '5']
    after.contributors.leaves = [
      { account: account('2'), weight: '3', label: 'Two' },
      { account: account('2'), weight: '4', label: 'Two again' },
      { account: account('3'), weight: '1', label: 'Three' },
    ]
    expect(diffManifests(before, after)).toEqual({
      licence: { from: 'CC0-1.0', to: 'CC-BY-4.0' },
      rows: { from: 10, to: 12 },
      fields: { added: ['d'], removed: ['c'], retyped: [{ name: 'b', from: 'string', to: 'number' }] },
      drift: [{ column: 'a', distance: 0.3, missing: { from: 0, to: 0.25 }, distinct: { from: 2, to: 2 } }],
      terms: [{ name: 'royaltyBps', from: 500, to: 700 }],
      contributors: {
        ...{ added: [account('3')], removed: [account('1')] },
        reweighted: [{ account: account('2'), from: '6', to: '7' }],
      },
      builtFrom: { added: ['5'], removed: [] },
      operators: { added: [], removed: [] },
    })
  })

  test('names the terms as people read of them, and rates in per cent', () => {
    const after = structuredClone(before)
    Object.assign(after.terms, { royaltyBps: 750, serveBps: 6_000, commercial: false })
    const said = describeDiff(diffManifests(before, after))
    expect(said.toSorted()).toEqual([
      'Asks of descendants: 5 % → 7.5 %',
      'Asks of services: 0 % → 60 %',
      'What is built from it may be sold: yes → no',
    ])
  })
})

describe('the distance of two histograms', () => {
  const histogram = (from: number, to: number, ...counts: number[]) => ({ from, to, counts })

  test.each([
    ['the same', histogram(0, 1, 3, 4), histogram(0, 1, 3, 4), 0],
    ['the same in finer bars', histogram(0, 1, 2, 2), histogram(0, 1, 1, 1, 1, 1), 0],
    ['nothing in common', histogram(0, 1, 5), histogram(2, 3, 7), 1],
    ['shifted by half', histogram(0, 2, 1, 1), histogram(1, 3, 1, 1), 0.5],
    ['one value and the same', histogram(4, 4, 9), histogram(4, 4, 3), 0],
    ['one value and another', histogram(4, 4, 9), histogram(5, 5, 3), 1],
    ['one value in the middle of others', histogram(5, 5, 9), histogram(0, 10, 1), 0.5],
  ])('%s', (_, a, b, expected) => {
    expect(histogramDistance(a, b)).toBeCloseTo(expected, 12)
  })

  test('is near that of the values themselves, symmetric, and between 0 and 1', () => {
    const values = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 200 })
    const barsOf = (all: readonly number[]) => {
      const counts = Array.from({ length: 100 }, () => 0)
      for (const value of all) counts[value] = (counts[value] ?? 0) + 1
      return { from: -0.5, to: 99.5, counts }
    }
    fc.assert(
      fc.property(values, values, (a, b) => {
        const found = histogramDistance(barsOf(a), barsOf(b))
        const share = (all: readonly number[], most: number) => all.filter((one) => one <= most).length / all.length
        const exact = Math.max(...[...a, ...b].map((most) => Math.abs(share(a, most) - share(b, most))))
        // A bar for each value: the evenly spread one meets the steps at every edge.
        expect(found).toBeCloseTo(exact, 9)
        expect(histogramDistance(barsOf(b), barsOf(a))).toBe(found)
      }),
    )
  })
})
