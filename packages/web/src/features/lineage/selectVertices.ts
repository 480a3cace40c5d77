import type { Lineage, Vertex } from '@agorai/core'

/**
 * What a picture of bounded size shows: the version itself, all it is built from (at most 16 and their own ancestors are
 * among them), then the oldest of what is built from it. `hidden` counts what is left out, and is said beside the picture.
 */
export function selectVertices(lineage: Lineage, max: number): { vertices: Vertex[]; hidden: number } {
  const focus = lineage.vertices.find((vertex) => vertex.version === lineage.version)
  if (focus === undefined) return { vertices: [], hidden: lineage.vertices.length }
  const above = new Set([...focus.parents, ...focus.edges.map((edge) => edge.ancestor)])
  const rank = (vertex: Vertex) => (vertex === focus ? 0 : above.has(vertex.version) ? 1 : 2)
  const ranked = [...lineage.vertices].sort(
    (a, b) => rank(a) - rank(b) || Number(BigInt(a.version) - BigInt(b.version)),
  )
  return { vertices: ranked.slice(0, max), hidden: Math.max(0, ranked.length - max) }
}
