import type { Vertex } from '@agorai/core'

/** What the picture needs of a vertex: who it is, and what it owes to whom. */
export type LineageVertex = Pick<Vertex, 'version' | 'edges' | 'parents'> &
  Partial<Pick<Vertex, 'supplies' | 'suppliers' | 'members' | 'contributorBps'>>

/** Lengths in pixels. `right`: ancestors stand left of what is built from them; `down`: above it. */
export type LayoutOptions = {
  direction: 'right' | 'down'
  cardWidth: number
  cardHeight: number
  /** Between two layers, where the edges and their labels run. */
  layerGap: number
  /** Between two cards of one layer. */
  cardGap: number
  /** Room that an edge takes where it passes a layer. */
  laneSize: number
}

export type Point = { x: number; y: number }
export type PlacedCard = Point & { version: string; layer: number }
/**
 * Why one version owes another: it was built from it, it sells its work, or it gathers it. Two versions may have an edge
 * of each kind between them.
 */
export type EdgeKind = 'royalty' | 'supply' | 'member'
/** An edge runs the way money does: from the version that sells to the one that is owed. */
export type PlacedEdge = {
  from: string
  to: string
  kind: EdgeKind
  bps: number
  /** Owed through a version in between: the ancestor is no direct parent. */
  inherited: boolean
  path: string
  label: Point
}
export type LineageLayout = { cards: PlacedCard[]; edges: PlacedEdge[]; width: number; height: number }

type Slot = { id: string; layer: number; size: number; before: string[]; after: string[]; at: number }
type Link = Pick<PlacedEdge, 'from' | 'to' | 'kind' | 'bps' | 'inherited'> & { lanes: string[] }

const sweeps = 6
const labelSize = { width: 52, height: 24 }

/**
 * Draws lineage in layers: a version stands one layer after the last of its ancestors, edges that pass a layer get a lane
 * of their own in it, and lanes and cards are ordered by the mean place of their neighbours (Sugiyama's method with the
 * barycentre heuristic) in a fixed number of sweeps.
 */
export function layoutLineage(vertices: readonly LineageVertex[], options: LayoutOptions): LineageLayout {
  const sorted = [...vertices].sort((a, b) => compareIds(a.version, b.version))
  const links = linksOf(sorted)
  const layers = layersOf(sorted, links)
  const slots = slotsOf(sorted, links, layers, options)
  const rows = orderRows(slots)
  return place(rows, slots, links, options)
}

function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

/** Everything owed inside the picture; a parent or supplier that asks nothing is an edge of rate 0. */
function linksOf(vertices: readonly LineageVertex[]): Link[] {
  const known = new Set(vertices.map((vertex) => vertex.version))
  return vertices.flatMap((vertex) =>
    owedBy(vertex)
      .filter(({ to }) => known.has(to) && compareIds(to, vertex.version) < 0)
      .sort((a, b) => compareIds(a.to, b.to))
      .map((owed) => ({ from: vertex.version, lanes: [], ...owed })),
  )
}

function owedBy(vertex: LineageVertex): Omit<Link, 'from' | 'lanes'>[] {
  const { contributorBps = 0, edges, members = [], parents, suppliers = [], supplies = [] } = vertex
  const direct = (stated: readonly string[], rates: readonly (readonly [string, number])[]) =>
    new Map([...stated.map((id) => [id, 0] as const), ...rates])
  const royalties = direct(
    parents,
    edges.map(({ ancestor, bps }) => [ancestor, bps] as const),
  )
  const sold = direct(
    suppliers,
    supplies.map(({ supplier, bps }) => [supplier, bps] as const),
  )
  const weights = members.reduce((sum, { weight }) => sum + BigInt(weight), 0n)
  return [
    ...[...royalties].map(([to, bps]) => ({
      to,
      kind: 'royalty' as const,
      bps,
      inherited: !parents.includes(to),
    })),
    ...[...sold].map(([to, bps]) => ({ to, kind: 'supply' as const, bps, inherited: false })),
    ...members.map(({ version, weight }) => ({
      to: version,
      kind: 'member' as const,
      // Of what the collection keeps, cut to a whole bps: the ledger divides by the weights themselves.
      bps: Number((BigInt(weight) * BigInt(contributorBps)) / weights),
      inherited: false,
    })),
  ]
}

/** Ids ascend along every link, so one pass in their order finds the longest way from the roots. */
function layersOf(vertices: readonly LineageVertex[], links: readonly Link[]): Map<string, number> {
  const layers = new Map<string, number>()
  for (const { version } of vertices) {
    const above = links.filter((link) => link.from === version).map((link) => layers.get(link.to) ?? 0)
    layers.set(version, above.length === 0 ? 0 : 1 + Math.max(...above))
  }
  return layers
}

function slotsOf(
  vertices: readonly LineageVertex[],
  links: readonly Link[],
  layers: ReadonlyMap<string, number>,
  { direction, cardHeight, cardWidth, laneSize }: LayoutOptions,
): Map<string, Slot> {
  const cardSize = direction === 'right' ? cardHeight : cardWidth
  const slots = new Map<string, Slot>()
  const add = (id: string, layer: number, size: number) =>
    slots.set(id, { id, layer, size, before: [], after: [], at: 0 })
  for (const { version } of vertices) add(version, layers.get(version) ?? 0, cardSize)
  for (const link of links) {
    const last = (layers.get(link.from) ?? 0) - 1
    let previous = link.to
    for (let layer = (layers.get(link.to) ?? 0) + 1; layer <= last; layer++) {
      const lane = `${link.from}→${link.to}:${link.kind}@${layer}`
      add(lane, layer, laneSize)
      link.lanes.push(lane)
      join(slots, previous, lane)
      previous = lane
    }
    join(slots, previous, link.from)
  }
  return slots
}

function join(slots: ReadonlyMap<string, Slot>, before: string, after: string): void {
  slots.get(before)?.after.push(after)
  slots.get(after)?.before.push(before)
}

function orderRows(slots: ReadonlyMap<string, Slot>): Slot[][] {
  const rows: Slot[][] = []
  for (const slot of slots.values()) {
    const row = rows[slot.layer] ?? []
    row.push(slot)
    rows[slot.layer] = row
  }
  for (const row of rows) rememberPlaces(row)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forward = sweep % 2 === 0
    for (const row of forward ? rows : [...rows].reverse()) {
      const weights = new Map(row.map((slot) => [slot, meanPlace(slots, forward ? slot.before : slot.after, slot.at)]))
      row.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0) || a.at - b.at)
      rememberPlaces(row)
    }
  }
  return rows
}

/** Places are counted from the middle of the row, so that rows of different lengths compare. */
function rememberPlaces(row: readonly Slot[]): void {
  row.forEach((slot, index) => {
    slot.at = index - (row.length - 1) / 2
  })
}

function meanPlace(slots: ReadonlyMap<string, Slot>, neighbours: readonly string[], otherwise: number): number {
  if (neighbours.length === 0) return otherwise
  return neighbours.reduce((sum, id) => sum + (slots.get(id)?.at ?? 0), 0) / neighbours.length
}

function place(
  rows: readonly Slot[][],
  slots: ReadonlyMap<string, Slot>,
  links: readonly Link[],
  options: LayoutOptions,
): LineageLayout {
  const { direction, cardGap, cardHeight, cardWidth, layerGap } = options
  const depth = direction === 'right' ? cardWidth : cardHeight
  const breadthOf = (row: readonly Slot[]) =>
    row.reduce((sum, slot) => sum + slot.size, 0) + Math.max(0, row.length - 1) * cardGap
  const breadth = Math.max(0, ...rows.map(breadthOf))

  // `across` runs along a layer, `along` from layer to layer; only `point` knows which of them is x.
  const point = (along: number, across: number): Point =>
    direction === 'right' ? { x: along, y: across } : { x: across, y: along }
  const starts = new Map<string, number>()
  for (const row of rows) {
    let across = (breadth - breadthOf(row)) / 2
    for (const slot of row) {
      starts.set(slot.id, across)
      across += slot.size + cardGap
    }
  }
  const startOf = (id: string) => starts.get(id) ?? 0
  const middleOf = (id: string) => startOf(id) + (slots.get(id)?.size ?? 0) / 2
  const alongOf = (id: string) => (slots.get(id)?.layer ?? 0) * (depth + layerGap)
  const near = (link: Link) => link.lanes.at(-1) ?? link.to
  const far = (link: Link) => link.lanes[0] ?? link.from

  /** Edges that end at the same side of a card share it evenly, in the order of where they come from. */
  const portOf = (card: string, link: Link, side: 'from' | 'to') => {
    const other = side === 'from' ? near : far
    const mates = links
      .filter((mate) => mate[side] === card)
      .sort((a, b) => middleOf(other(a)) - middleOf(other(b)) || compareIds(a.from, b.from))
    return startOf(card) + ((slots.get(card)?.size ?? 0) * (mates.indexOf(link) + 1)) / (mates.length + 1)
  }

  const edges = links.map((link): PlacedEdge => {
    let at = { along: alongOf(link.from), across: portOf(link.from, link, 'from') }
    let path = `M${write(point(at.along, at.across))}`
    const curveTo = (along: number, across: number) => {
      const half = (at.along + along) / 2
      path += `C${write(point(half, at.across))} ${write(point(half, across))} ${write(point(along, across))}`
      at = { along, across }
    }
    for (const lane of [...link.lanes].reverse()) {
      curveTo(alongOf(lane) + depth, middleOf(lane))
      at = { along: alongOf(lane), across: middleOf(lane) }
      path += `L${write(point(at.along, at.across))}`
    }
    const end = portOf(link.to, link, 'to')
    const start = { ...at }
    curveTo(alongOf(link.to) + depth, end)
    const lane = link.lanes[Math.floor(link.lanes.length / 2)]
    const label =
      lane === undefined
        ? point((start.along + at.along) / 2, (start.across + end) / 2)
        : point(alongOf(lane) + depth / 2, middleOf(lane))
    const { lanes: _, ...edge } = link
    return { ...edge, path, label }
  })
  separateLabels(edges, direction)

  const size = point(rows.length === 0 ? 0 : rows.length * (depth + layerGap) - layerGap, breadth)
  return {
    cards: [...slots.values()]
      .filter((slot) => !slot.id.includes('→'))
      .map((slot) => ({ version: slot.id, layer: slot.layer, ...point(alongOf(slot.id), startOf(slot.id)) })),
    edges,
    width: size.x,
    height: size.y,
  }
}

function write({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`
}

/** Moves labels apart that would cover one another, along the layer. */
function separateLabels(edges: readonly PlacedEdge[], direction: LayoutOptions['direction']): void {
  const axis = direction === 'right' ? 'y' : 'x'
  const step = direction === 'right' ? labelSize.height : labelSize.width
  const placed: Point[] = []
  for (const { label } of [...edges].sort((a, b) => a.label[axis] - b.label[axis])) {
    // A label only ever moves forward, past one placed label a turn, so there are at most as many turns as labels.
    for (let turn = 0; turn < placed.length; turn++) {
      const other = placed.find((point) => covers(point, label))
      if (other === undefined) break
      label[axis] = Math.ceil(other[axis]) + step
    }
    placed.push(label)
  }
}

function covers(a: Point, b: Point): boolean {
  return Math.abs(a.x - b.x) < labelSize.width && Math.abs(a.y - b.y) < labelSize.height
}
