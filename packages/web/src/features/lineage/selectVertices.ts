import type { Lineage, Vertex } from '@agorai/core'

/**
 * What a picture of bounded size shows: the version itself, all it is built from (at most 16 and their own ancestors are
 * among them) and whose work it sells, what it gathers, then the oldest of what is built from it. `hidden` counts what is
 * left out, and is said beside the picture.
 */
export function selectVertices(lineage: Lineage, max: number): { vertices: Vertex[]; hidden: number } {
  const focus = lineage.vertices.find((vertex) => vertex.version === lineage.version)
  if (focus === undefined) return { vertices: [], hidden: lineage.vertices.length }
  const above = new Set(idsAbove(focus))
  const gathered = new Set(focus.members.map(({ version }) => version))
  const rank = (vertex: Vertex) => {
    if (vertex === focus) return 0
    return above.has(vertex.version) ? 1 : gathered.has(vertex.version) ? 2 : 3
  }
  const ranked = [...lineage.vertices].sort(
    (a, b) => rank(a) - rank(b) || Number(BigInt(a.version) - BigInt(b.version)),
  )
  return { vertices: ranked.slice(0, max), hidden: Math.max(0, ranked.length - max) }
}

/** Everything that a version was built from, and whose work it sells. */
export function idsAbove({ edges, parents, suppliers, supplies }: Vertex): string[] {
  return [
    ...parents,
    ...edges.map(({ ancestor }) => ancestor),
    ...suppliers,
    ...supplies.map(({ supplier }) => supplier),
  ]
}
