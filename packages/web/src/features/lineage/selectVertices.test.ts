import type { Vertex } from '@agorai/core'
import { expect, test } from 'vitest'
import { selectVertices } from './selectVertices.js'

const vertex = (version: number, parents: number[]): Vertex => ({
  version: String(version),
  asset: String(version),
  kind: 'model',
  name: null,
  owner: '0x0000000000000000000000000000000000000001',
  edges: [],
  parents: parents.map(String),
  supplies: [],
  suppliers: [],
  terms: { derivatives: true, royaltyBps: 0, serveBps: 0, consent: false, attribution: true, commercial: true },
  erased: false,
  feeBps: 100,
  contributorBps: 0,
  contributors: [],
  members: [],
})

test('a picture keeps the version and its ancestors, and says how many descendants it leaves out', () => {
  const descendants = Array.from({ length: 20 }, (_, index) => vertex(index + 3, [2]))
  const lineage = { version: '2', vertices: [...descendants.reverse(), vertex(1, []), vertex(2, [1])] }
  const { vertices, hidden } = selectVertices(lineage, 5)
  expect(vertices.map(({ version }) => version)).toEqual(['2', '1', '3', '4', '5'])
  expect(hidden).toBe(17)
})

test('whose work it sells and what it gathers come before what is built from it', () => {
  const others = [vertex(8, [5]), vertex(9, [5])]
  const focus = {
    ...vertex(5, [1]),
    suppliers: ['2'],
    supplies: [{ supplier: '2', bps: 100 }],
    members: [{ version: '3', weight: '1' }],
  }
  const vertices = [...others, vertex(3, []), vertex(2, []), vertex(1, []), focus]
  expect(selectVertices({ version: '5', vertices }, 4).vertices.map(({ version }) => version)).toEqual([
    '5',
    '1',
    '2',
    '3',
  ])
})

test('a small lineage is kept whole', () => {
  expect(selectVertices({ version: '1', vertices: [vertex(1, [])] }, 5)).toMatchObject({ hidden: 0 })
})
