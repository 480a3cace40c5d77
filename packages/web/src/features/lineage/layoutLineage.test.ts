import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LayoutOptions, type LineageVertex, layoutLineage } from './layoutLineage.js'

const options: LayoutOptions = {
  direction: 'right',
  cardWidth: 200,
  cardHeight: 100,
  layerGap: 120,
  cardGap: 24,
  laneSize: 32,
}

/** A vertex that inherits the edges of its parents, as the registry stores them. */
function vertex(version: number, parents: number[], edges: Record<number, number> = {}): LineageVertex {
  return {
    version: String(version),
    parents: parents.map(String),
    edges: Object.entries(edges).map(([ancestor, bps]) => ({ ancestor, bps })),
  }
}

const fineTune = [vertex(1, []), vertex(2, [1], { 1: 1000 }), vertex(3, [2], { 1: 1000, 2: 500 })]

describe('layers', () => {
  test('a version stands after the last of its ancestors', () => {
    const { cards } = layoutLineage(fineTune, options)
    expect(cards.map(({ version, layer }) => [version, layer])).toEqual([
      ['1', 0],
      ['2', 1],
      ['3', 2],
    ])
    expect(cards.map((card) => card.x)).toEqual([0, 320, 640])
  })

  test('downwards, layers are rows', () => {
    const { cards, height, width } = layoutLineage(fineTune, { ...options, direction: 'down' })
    expect(cards.map((card) => card.y)).toEqual([0, 220, 440])
    expect(height).toBe(540)
    expect(width).toBe(200 + 24 + 32)
  })

  test('one version alone is one card at the origin', () => {
    expect(layoutLineage([vertex(7, [])], options)).toEqual({
      cards: [{ version: '7', layer: 0, x: 0, y: 0 }],
      edges: [],
      width: 200,
      height: 100,
    })
  })

  test('nothing is an empty picture', () => {
    expect(layoutLineage([], options)).toEqual({ cards: [], edges: [], width: 0, height: 0 })
  })
})

describe('edges', () => {
  test('run from the seller to whom it owes, with their rate', () => {
    const { edges } = layoutLineage(fineTune, options)
    expect(edges.map(({ from, to, bps, inherited }) => [from, to, bps, inherited])).toEqual([
      ['2', '1', 1000, false],
      ['3', '1', 1000, true],
      ['3', '2', 500, false],
    ])
  })

  test('start at the seller’s side and end at the ancestor’s', () => {
    const { edges } = layoutLineage(fineTune.slice(0, 2), options)
    expect(edges[0]?.path).toBe('M320,50C260,50 260,50 200,50')
    expect(edges[0]?.label).toEqual({ x: 260, y: 50 })
  })

  test('an inherited edge passes the layer between in a lane of its own', () => {
    const { cards, edges } = layoutLineage(fineTune, options)
    const passing = edges.find((edge) => edge.inherited)
    const between = cards.find((card) => card.version === '2')
    if (passing === undefined || between === undefined) throw new Error('missing')
    const apart = Math.min(
      Math.abs(passing.label.y - between.y),
      Math.abs(passing.label.y - (between.y + options.cardHeight)),
    )
    expect(passing.label.y < between.y || passing.label.y > between.y + options.cardHeight).toBe(true)
    expect(apart).toBeGreaterThanOrEqual(16)
  })

  test('a parent that asks nothing still has its edge, at rate 0', () => {
    const { edges } = layoutLineage([vertex(1, []), vertex(2, [1])], options)
    expect(edges).toMatchObject([{ from: '2', to: '1', bps: 0, inherited: false }])
  })

  test('what a service sells, and what a collection gathers, are edges of their own', () => {
    const service: LineageVertex = {
      ...vertex(3, [1], { 1: 1000 }),
      supplies: [{ supplier: '2', bps: 6000 }],
      suppliers: ['1', '2'],
    }
    const collection: LineageVertex = {
      ...vertex(4, []),
      contributorBps: 9000,
      members: [
        { version: '1', weight: '2' },
        { version: '2', weight: '1' },
      ],
    }
    const { edges } = layoutLineage([vertex(1, []), vertex(2, []), service, collection], options)
    expect(edges.map(({ from, to, kind, bps }) => [from, to, kind, bps])).toEqual([
      ['3', '1', 'royalty', 1000],
      ['3', '1', 'supply', 0],
      ['3', '2', 'supply', 6000],
      ['4', '1', 'member', 6000],
      ['4', '2', 'member', 3000],
    ])
    const [first, second] = edges
    expect(first?.path).not.toBe(second?.path)
  })

  test('an ancestor outside the picture has no edge', () => {
    expect(layoutLineage([vertex(5, [2], { 2: 100 })], options).edges).toEqual([])
  })
})

describe('any graph', () => {
  const graphs = fc.integer({ min: 1, max: 14 }).chain((count) =>
    fc.tuple(
      ...Array.from({ length: count }, (_, index) =>
        fc.subarray(
          Array.from({ length: index }, (__, before) => before + 1),
          { maxLength: Math.min(4, index) },
        ),
      ),
    ),
  )
  const build = (parents: number[][]): LineageVertex[] => {
    const edgesOf: Record<number, number>[] = []
    return parents.map((own, index) => {
      const edges: Record<number, number> = {}
      for (const parent of own) Object.assign(edges, edgesOf[parent - 1], { [parent]: 100 * parent })
      edgesOf.push(edges)
      return vertex(index + 1, own, edges)
    })
  }

  test.each(['right', 'down'] as const)('no card covers another, none leaves the picture (%s)', (direction) => {
    fc.assert(
      fc.property(graphs, (parents) => {
        const { cards, height, width } = layoutLineage(build(parents), { ...options, direction })
        expect(cards).toHaveLength(parents.length)
        for (const a of cards) {
          expect(a.x >= 0 && a.y >= 0 && a.x + 200 <= width && a.y + 100 <= height).toBe(true)
          for (const b of cards) {
            if (a === b) continue
            const [gapX, gapY] = a.layer !== b.layer ? [0, 0] : [options.cardGap, options.cardGap]
            expect(Math.abs(a.x - b.x) >= 200 + gapX || Math.abs(a.y - b.y) >= 100 + gapY).toBe(true)
          }
        }
      }),
    )
  })

  test('every edge leads to an earlier layer, and no label covers another', () => {
    fc.assert(
      fc.property(graphs, (parents) => {
        const vertices = build(parents)
        const { cards, edges } = layoutLineage(vertices, options)
        const layers = new Map(cards.map((card) => [card.version, card.layer]))
        expect(edges).toHaveLength(vertices.reduce((sum, { edges: owed }) => sum + owed.length, 0))
        for (const edge of edges) {
          expect(layers.get(edge.to) ?? 0).toBeLessThan(layers.get(edge.from) ?? 0)
        }
        for (const [index, a] of edges.entries()) {
          for (const b of edges.slice(index + 1)) {
            expect(Math.abs(a.label.x - b.label.x) >= 52 || Math.abs(a.label.y - b.label.y) >= 24).toBe(true)
          }
        }
      }),
    )
  })
})
