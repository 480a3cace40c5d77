import type { Lineage, Vertex } from '@agorai/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldParts, receiptsOf, splitPrice } from './splitPrice.js'

const account = (index: number) => `0x${index.toString(16).padStart(40, '0')}` as const

function vertex(version: number, changes: Partial<Vertex>): Vertex {
  return {
    version: String(version),
    asset: String(version),
    kind: 'model',
    name: `Version ${version}`,
    owner: account(version),
    edges: [],
    parents: [],
    supplies: [],
    suppliers: [],
    terms: { derivatives: true, royaltyBps: 0, serveBps: 0, consent: false, attribution: true, commercial: true },
    erased: false,
    feeBps: 100,
    contributorBps: 0,
    contributors: [],
    members: [],
    ...changes,
  }
}

const dataset = vertex(1, {
  kind: 'dataset',
  contributorBps: 6000,
  contributors: [
    { account: account(3), weight: '4000', label: 'Alpha' },
    { account: account(4), weight: '2400', label: 'Beta' },
    { account: account(5), weight: '1600', label: 'Gamma' },
  ],
})
const model = vertex(2, { edges: [{ ancestor: '1', bps: 1000 }], parents: ['1'] })
const digits: Lineage = { version: '2', vertices: [dataset, model] }

describe('one sale of a model at 10.00', () => {
  const split = splitPrice(digits, 10_000_000n)

  test('reaches everyone whose work is inside', () => {
    expect(split.parts.map(({ role, version, label, who, amount }) => [role, version, label, who, amount])).toEqual([
      ['owner', '2', null, account(2), 8_900_000n],
      ['owner', '1', null, account(1), 400_000n],
      ['contributor', '1', 'Alpha', account(3), 300_000n],
      ['contributor', '1', 'Beta', account(4), 180_000n],
      ['contributor', '1', 'Gamma', account(5), 120_000n],
      ['treasury', '0', null, null, 100_000n],
    ])
    expect(split).toMatchObject({ dust: 0n, incomplete: false })
  })

  test('what stays with each version leaves the treasury out', () => {
    expect([...receiptsOf(split)]).toEqual([
      ['2', 8_900_000n],
      ['1', 1_000_000n],
    ])
  })
})

test('a service pays whose work it sells, which pays what it was built from: one per cent of fee in all', () => {
  const service = vertex(3, { kind: 'service', feeBps: 40, supplies: [{ supplier: '2', bps: 6000 }], suppliers: ['2'] })
  const split = splitPrice({ version: '3', vertices: [dataset, model, service] }, 10_000_000n)
  expect(split.parts.map(({ role, version, amount }) => [role, version, amount])).toEqual([
    ['owner', '3', 3_960_000n],
    ['owner', '2', 5_340_000n],
    ['owner', '1', 240_000n],
    ['contributor', '1', 180_000n],
    ['contributor', '1', 108_000n],
    ['contributor', '1', 72_000n],
    ['treasury', '0', 100_000n],
  ])
  expect(split.dust).toBe(0n)
})

test('a collection gives its members their part as a royalty', () => {
  const collection = vertex(4, {
    kind: 'collection',
    contributorBps: 9000,
    members: [
      { version: '1', weight: '2' },
      { version: '2', weight: '1' },
    ],
  })
  const split = splitPrice({ version: '4', vertices: [dataset, model, collection] }, 10_000_000n)
  const kept = receiptsOf(split)
  expect([kept.get('4'), kept.get('1'), kept.get('2')]).toEqual([990_000n, 5_940_000n, 2_970_000n])
  expect(split.incomplete).toBe(false)
})

test('a list of contributors that is not here is said, not shown as dust', () => {
  const vertices = [{ ...dataset, contributors: [] }, model]
  expect(splitPrice({ version: '2', vertices }, 10_000_000n)).toMatchObject({ incomplete: true, dust: 600_000n })
})

test('parts and dust are the price to the unit, whatever the price and the rates', () => {
  const rates = fc.record({
    price: fc.bigInt({ min: 0n, max: 10n ** 30n }),
    royaltyBps: fc.integer({ min: 0, max: 5000 }),
    contributorBps: fc.integer({ min: 0, max: 10_000 }),
    feeBps: fc.integer({ min: 0, max: 500 }),
    weights: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 20 }),
  })
  fc.assert(
    fc.property(rates, ({ price, royaltyBps, contributorBps, feeBps, weights }) => {
      const contributors = weights.map((weight, index) => ({
        account: account(index + 10),
        weight: String(weight),
        label: `Contributor ${index}`,
      }))
      const vertices = [
        vertex(1, { feeBps, contributorBps, contributors }),
        vertex(2, { feeBps, edges: [{ ancestor: '1', bps: royaltyBps }], parents: ['1'] }),
      ]
      const { parts, dust } = splitPrice({ version: '2', vertices }, price)
      expect(parts.reduce((sum, part) => sum + part.amount, dust)).toBe(price)
      expect(dust >= 0n && dust <= BigInt(4 + weights.length)).toBe(true)
    }),
  )
})

test('folding keeps the largest parts in their order and loses no unit', () => {
  const { parts } = splitPrice(digits, 10_000_000n)
  const folded = foldParts(parts, 3)
  expect(folded.shown.map(({ amount }) => amount)).toEqual([8_900_000n, 400_000n, 300_000n])
  expect(folded).toMatchObject({ hidden: 3, hiddenAmount: 400_000n })
  expect(foldParts(parts, 6)).toMatchObject({ hidden: 0, hiddenAmount: 0n })
})
