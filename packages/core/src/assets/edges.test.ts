import fc from 'fast-check'
import type { Address } from 'viem'
import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import { isAgoraiError } from '../errors/AgoraiError.js'
import { ancestorsMax, type DrawnEdges, drawEdges, type EdgesDraft, type PublishedVersion } from './edges.js'
import type { Terms } from './terms.js'

const addressAt = (index: number): Address => devAccounts[index]?.address ?? '0x'
const [ada, ben] = [addressAt(1), addressAt(2)]

const free: Terms = {
  derivatives: true,
  royaltyBps: 0,
  serveBps: 0,
  consent: false,
  attribution: true,
  commercial: true,
}
const asking = (royaltyBps: number, rest: Partial<Terms> = {}): Terms => ({ ...free, royaltyBps, ...rest })

/** Ada publishes in these tests what Ben uses, unless they say otherwise. */
const published = (version: bigint, terms: Terms, rest: Partial<PublishedVersion> = {}): PublishedVersion => ({
  version,
  asset: version,
  owner: ada,
  terms,
  contributorBps: 0,
  edges: [],
  supplies: [],
  supplyDepth: 0,
  freeOnly: false,
  gone: false,
  ...rest,
})

const draw = (list: readonly PublishedVersion[], draft: Partial<EdgesDraft>): DrawnEdges =>
  drawEdges(new Map(list.map((version) => [version.version, version])), {
    publisher: ben,
    kind: 'model',
    parents: [],
    suppliers: [],
    contributors: { bps: 0, weightSum: 0n },
    protocolFeeBps: 100,
    ...draft,
  })

describe('what a version owes', () => {
  const dataset = published(1n, asking(1_000))
  const model = published(2n, asking(500), { edges: [{ ancestor: 1n, bps: 1_000 }] })

  test('is nothing but the fee when it is built from nothing', () => {
    expect(draw([], {})).toEqual({
      edges: [],
      supplies: [],
      supplyDepth: 0,
      freeOnly: false,
      feeBps: 100,
      owedBps: 100,
      consentsNeeded: [],
    })
  })

  test('is inherited: a dummy derivative in between dilutes nobody', () => {
    const dummy = published(3n, free, { owner: ben, edges: draw([dataset, model], { parents: [2n] }).edges })
    const edges = [
      { ancestor: 1n, bps: 1_000 },
      { ancestor: 2n, bps: 500 },
    ]
    expect(draw([dataset, model], { parents: [2n] })).toMatchObject({ edges, owedBps: 1_600 })
    expect(draw([dataset, model, dummy], { parents: [3n] }).edges).toEqual([...edges, { ancestor: 3n, bps: 0 }])
  })

  test('is inherited: a dummy service in between dilutes nobody either', () => {
    const serving = published(4n, asking(300, { serveBps: 6_000 }), { edges: [{ ancestor: 1n, bps: 1_000 }] })
    const service = draw([dataset, serving], { kind: 'service', suppliers: [4n] })
    expect(service).toMatchObject({ edges: [], supplies: [{ supplier: 4n, bps: 6_000 }], supplyDepth: 1 })
    const dummy = published(5n, free, { ...service, owner: ben })
    expect(draw([dataset, serving, dummy], { parents: [5n] }).edges).toEqual([
      { ancestor: 1n, bps: 1_000 },
      { ancestor: 4n, bps: 300 },
      { ancestor: 5n, bps: 0 },
    ])
  })

  test('is one edge for each ancestor asset, to its later version at the larger rate', () => {
    const renewed = published(3n, asking(400), { asset: 1n })
    const edges = [{ ancestor: 3n, bps: 1_000 }]
    expect(draw([dataset, renewed], { parents: [1n, 3n] }).edges).toEqual(edges)
    const child = published(4n, free, { owner: ben, edges: draw([dataset, renewed], { parents: [3n] }).edges })
    expect(child.edges).toEqual([{ ancestor: 3n, bps: 400 }])
    expect(draw([dataset, renewed, child], { parents: [1n, 4n] }).edges).toEqual([...edges, { ancestor: 4n, bps: 0 }])
  })

  test('starts with what the version before owed, less what was released; its own asset is owed nothing', () => {
    const list = [dataset, published(9n, asking(200)), model]
    const before = { ...model, owner: ben }
    expect(draw(list, { before, parents: [2n, 9n] }).edges).toEqual([
      { ancestor: 1n, bps: 1_000 },
      { ancestor: 9n, bps: 200 },
    ])
    expect(draw(list, { before, released: new Set([1n]) }).edges).toEqual([])
    // Built from it again, it is owed again.
    expect(draw(list, { before, released: new Set([1n]), parents: [1n] }).edges).toEqual(before.edges)
  })

  test.each([
    [100, [6_000], 40],
    [100, [6_001], 39],
    [500, [9_000], 50],
    [99, [4_000, 4_999], 9],
    [1, [1], 0],
  ])('pays the fee of %i on value added beside supplies of %j: %i', (protocolFeeBps, rates, feeBps) => {
    const list = rates.map((serveBps, i) => published(BigInt(i + 1), asking(0, { serveBps })))
    const drawn = draw(list, { kind: 'agent', suppliers: list.map(({ version }) => version), protocolFeeBps })
    expect(drawn).toMatchObject({ feeBps, owedBps: feeBps + rates.reduce((sum, bps) => sum + bps, 0) })
  })
})

describe('terms', () => {
  const consenting = published(1n, asking(0, { consent: true, serveBps: 100 }))

  test('consent is asked of others, once for a version that is both parent and supplier', () => {
    expect(draw([consenting], { parents: [1n] }).consentsNeeded).toEqual([1n])
    expect(draw([consenting], { kind: 'service', parents: [1n], suppliers: [1n] }).consentsNeeded).toEqual([1n])
    expect(draw([{ ...consenting, owner: ben }], { parents: [1n] }).consentsNeeded).toEqual([])
  })

  test('what others may not sell is free for all that follows, but not for its owner', () => {
    const open = published(1n, asking(0, { commercial: false }))
    expect(draw([open], { parents: [1n] }).freeOnly).toBe(true)
    expect(draw([open], { publisher: ada, parents: [1n] }).freeOnly).toBe(false)
    const derived = published(2n, free, { freeOnly: true })
    expect(draw([open, derived], { publisher: ada, parents: [2n] }).freeOnly).toBe(true)
    expect(draw([], { before: { ...derived, owner: ben } }).freeOnly).toBe(true)
    // An asset that may have been sold already cannot become free.
    const refused = expect.objectContaining({ code: 'terms_refuse' })
    expect(() => draw([open], { before: published(3n, free, { owner: ben }), parents: [1n] })).toThrow(refused)
    expect(draw([open], { before: { ...derived, owner: ben }, parents: [1n] }).freeOnly).toBe(true)
  })

  test('an owner needs no permission', () => {
    const closed = published(1n, asking(0, { derivatives: false }))
    expect(draw([closed], { publisher: ada, parents: [1n] }).edges).toHaveLength(1)
    expect(draw([closed], { publisher: ada, kind: 'service', suppliers: [1n] }).supplies).toEqual([
      { supplier: 1n, bps: 0 },
    ])
    expect(draw([closed], { publisher: ada.toLowerCase() as Address, parents: [1n] }).edges).toHaveLength(1)
  })
})

describe('what the registry refuses', () => {
  const many = (count: number, terms: Terms) => Array.from({ length: count }, (_, i) => published(BigInt(i + 1), terms))
  const ids = (list: readonly PublishedVersion[]) => list.map(({ version }) => version)
  const deep = published(1n, asking(0, { serveBps: 1 }), { supplyDepth: 4 })
  const cases: [string, string, readonly PublishedVersion[], Partial<EdgesDraft>][] = [
    ['an unknown parent', 'not_found', [], { parents: [1n] }],
    ['an unknown supplier', 'not_found', [], { kind: 'service', suppliers: [1n] }],
    ['parents descending', 'parents_invalid', many(2, free), { parents: [2n, 1n] }],
    ['a parent twice', 'parents_invalid', many(2, free), { parents: [1n, 1n] }],
    ['version 0', 'parents_invalid', many(2, free), { parents: [0n] }],
    [
      'suppliers descending',
      'parents_invalid',
      many(2, asking(0, { serveBps: 1 })),
      { kind: 'service', suppliers: [2n, 1n] },
    ],
    ['17 ancestors', 'edges_too_many', many(17, free), { parents: ids(many(17, free)) }],
    ['a closed parent', 'terms_refuse', [published(1n, asking(0, { derivatives: false }))], { parents: [1n] }],
    ['a supplier that serves nobody', 'terms_refuse', [published(1n, free)], { kind: 'service', suppliers: [1n] }],
    ['a retired parent', 'version_retired', [published(1n, free, { gone: true, owner: ben })], { parents: [1n] }],
    ['a retired supplier', 'version_retired', [{ ...deep, gone: true }], { kind: 'agent', suppliers: [1n] }],
    ['suppliers of a model', 'suppliers_refused', [{ ...deep, supplyDepth: 0 }], { suppliers: [1n] }],
    ['five in a chain', 'supply_too_deep', [deep], { kind: 'pipeline', suppliers: [1n] }],
    [
      'five suppliers',
      'suppliers_too_many',
      many(5, asking(0, { serveBps: 1 })),
      { kind: 'service', suppliers: ids(many(5, free)) },
    ],
    ['royalties over 50 %', 'rates_invalid', many(2, asking(2_501)), { parents: [1n, 2n] }],
    [
      'supplies over 90 %',
      'rates_invalid',
      many(2, asking(0, { serveBps: 4_501 })),
      { kind: 'service', suppliers: [1n, 2n] },
    ],
    [
      'all together over 100 %',
      'rates_invalid',
      many(2, asking(2_500, { serveBps: 2_500 })),
      { kind: 'service', parents: [1n, 2n], suppliers: [1n, 2n] },
    ],
    ['contributors over 100 %', 'rates_invalid', [], { contributors: { bps: 10_001, weightSum: 1n } }],
    ['contributors without weight', 'rates_invalid', [], { contributors: { bps: 1, weightSum: 0n } }],
    [
      'a smaller share for contributors',
      'contributors_shrunk',
      [],
      { before: published(1n, free, { contributorBps: 1 }) },
    ],
  ]
  test.each(cases)('%s', (_, code, list, draft) => {
    expect(() => draw(list, draft)).toThrow(expect.objectContaining({ code }))
  })

  test('nothing at the limits', () => {
    expect(draw(many(16, free), { parents: ids(many(16, free)) }).edges).toHaveLength(16)
    expect(draw(many(2, asking(2_500)), { parents: [1n, 2n] }).owedBps).toBe(5_100)
    const serving = many(4, asking(0, { serveBps: 2_250 }))
    expect(draw(serving, { kind: 'pipeline', suppliers: ids(serving) }).owedBps).toBe(9_010)
    expect(draw([{ ...deep, supplyDepth: 3 }], { kind: 'service', suppliers: [1n] }).supplyDepth).toBe(4)
    expect(draw([], { contributors: { bps: 10_000, weightSum: 1n } }).owedBps).toBe(100)
  })
})

describe('on random histories of publication', () => {
  const drawn = fc.record({
    parents: fc.uniqueArray(fc.nat(20), { maxLength: 3 }),
    suppliers: fc.uniqueArray(fc.nat(20), { maxLength: 2 }),
    renews: fc.option(fc.nat(20), { nil: undefined, freq: 3 }),
    royaltyBps: fc.integer({ min: 0, max: 600 }),
    serveBps: fc.integer({ min: 0, max: 3_000 }),
  })
  type Recorded = PublishedVersion & { parents: readonly bigint[]; suppliers: readonly bigint[]; before: bigint }

  /** Publishes what the registry takes, and leaves out the rest. */
  function publishAll(list: readonly (typeof drawn extends fc.Arbitrary<infer item> ? item : never)[]) {
    const versions = new Map<bigint, Recorded>()
    for (const { parents, suppliers, renews, royaltyBps, serveBps } of list) {
      const count = versions.size
      const version = BigInt(count + 1)
      const before = (places: readonly number[]) =>
        count === 0
          ? []
          : [...new Set(places.map((place) => BigInt((place % count) + 1)))].sort((a, b) => Number(a - b))
      const renewed = renews === undefined ? undefined : versions.get(BigInt(renews))
      const current = [...versions.values()].filter(({ asset }) => asset === renewed?.asset).at(-1)
      const [built, sold] = [before(parents), before(suppliers)]
      try {
        const edges = drawEdges(versions, {
          publisher: ada,
          kind: 'service',
          parents: built,
          suppliers: sold,
          contributors: { bps: 0, weightSum: 0n },
          protocolFeeBps: 100,
          before: current,
        })
        const terms = asking(royaltyBps, { serveBps })
        const asset = current?.asset ?? version
        versions.set(version, {
          ...published(version, terms, { ...edges, asset }),
          parents: built,
          suppliers: sold,
          before: current?.version ?? 0n,
        })
      } catch (error) {
        if (!isAgoraiError(error, 'rates_invalid') && !isAgoraiError(error, 'supply_too_deep')) throw error
      }
    }
    return versions
  }

  type Found = { asset: bigint; version: bigint; bps: number }

  /** All that a version was built from, from the whole history instead of stored edges, as often as it is met. */
  function walk(versions: ReadonlyMap<bigint, Recorded>, version: bigint): Found[] {
    const at = versions.get(version)
    if (at === undefined) return []
    const source = (id: bigint): Found[] => {
      const from = versions.get(id)
      if (from === undefined) return []
      const own = { asset: from.asset, version: id, bps: from.terms.royaltyBps }
      return [own, ...walk(versions, id), ...from.suppliers.flatMap(source)]
    }
    return [...walk(versions, at.before), ...at.parents.flatMap(source)].filter(({ asset }) => asset !== at.asset)
  }

  function oneForEachAsset(found: readonly Found[]) {
    const latest = new Map<bigint, { ancestor: bigint; bps: number }>()
    for (const { asset, version, bps } of [...found].sort((x, y) => Number(x.version - y.version)))
      latest.set(asset, { ancestor: version, bps: Math.max(bps, latest.get(asset)?.bps ?? 0) })
    return [...latest.values()].sort((x, y) => Number(x.ancestor - y.ancestor))
  }

  test('edges are all that was ever built on, however it was hidden, within the limits', () => {
    let inherited = 0
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 2, maxLength: 12 }), (list) => {
        const versions = publishAll(list)
        for (const { version, asset, edges, supplies, parents } of versions.values()) {
          expect(edges).toEqual(oneForEachAsset(walk(versions, version)))
          expect(edges.length).toBeLessThanOrEqual(ancestorsMax)
          const royalties = edges.reduce((sum, { bps }) => sum + bps, 0)
          const supplied = supplies.reduce((sum, { bps }) => sum + bps, 0)
          expect(royalties).toBeLessThanOrEqual(5_000)
          expect(supplied).toBeLessThanOrEqual(9_000)
          const assets = edges.map(({ ancestor }) => versions.get(ancestor)?.asset)
          expect(new Set(assets).size).toBe(edges.length)
          expect(assets).not.toContain(asset)
          inherited += Math.max(0, edges.length - parents.length)
        }
      }),
      { numRuns: 1_000 },
    )
    expect(inherited).toBeGreaterThan(500)
  })
})
