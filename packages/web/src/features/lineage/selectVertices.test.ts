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
  feeBps: 100,
  royaltyBps: 0,
  contributorBps: 0,
  contributors: [],
})

test('a picture keeps the version and its ancestors, and says how many descendants it leaves out', () => {
  const descendants = Array.from({ length: 20 }, (_, index) => vertex(index + 3, [2]))
  const lineage = { version: '2', vertices: [...descendants.reverse(), vertex(1, []), vertex(2, [1])] }
  const { vertices, hidden } = selectVertices(lineage, 5)
  expect(vertices.map(({ version }) => version)).toEqual(['2', '1', '3', '4', '5'])
  expect(hidden).toBe(17)
})

test('a small lineage is kept whole', () => {
  expect(selectVertices({ version: '1', vertices: [vertex(1, [])] }, 5)).toMatchObject({ hidden: 0 })
})
