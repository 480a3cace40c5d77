import { type Lineage, splitSale, toLedgerVertex, type Vertex } from '@agorai/core'

/** One party's part of a price. `who` is an address, or null for the treasury, which the chain names. */
export type SplitPart = {
  key: string
  role: 'owner' | 'contributor' | 'treasury'
  who: `0x${string}` | null
  /** What a contributor is called in the manifest. */
  label: string | null
  version: string
  versionName: string | null
  /** Base units. */
  amount: bigint
}

export type PriceSplit = {
  price: bigint
  parts: readonly SplitPart[]
  /** What the floors leave in the ledger, so that parts and dust are the price to the unit. */
  dust: bigint
  /** Whether a version credits contributors or members whose list this node does not have; their part is inside `dust`. */
  incomplete: boolean
}

/**
 * Where a price goes, computed by the ledger's own arithmetic from the lineage: along royalties, on to those whose work is
 * sold, and to what a collection gathers.
 */
export function splitPrice(lineage: Lineage, price: bigint): PriceSplit {
  const vertices = new Map(lineage.vertices.map((vertex) => [BigInt(vertex.version), toLedgerVertex(vertex)]))
  const named = new Map(lineage.vertices.map((vertex) => [vertex.version, vertex]))
  const { shares, dust } = splitSale(vertices, BigInt(lineage.version), price)
  const parts = shares.map((share): SplitPart => {
    const version = share.version.toString()
    const vertex = named.get(version)
    return {
      key: `${version}:${share.role}:${share.start ?? ''}`,
      role: share.role,
      who: share.account ?? vertex?.owner ?? null,
      label: share.start === undefined ? null : contributorLabel(vertex, share.start),
      version,
      versionName: vertex?.name ?? null,
      amount: share.amount,
    }
  })
  const involved = new Set(shares.map(({ version }) => named.get(version.toString())))
  const incomplete = [...involved].some(
    (vertex) => vertex && vertex.contributorBps > 0 && vertex.contributors.length + vertex.members.length === 0,
  )
  return { price, parts: parts.filter((part) => part.amount > 0n), dust, incomplete }
}

/** What stays with each version out of the price: its owner's and its contributors' parts together. */
export function receiptsOf(split: PriceSplit): ReadonlyMap<string, bigint> {
  const receipts = new Map<string, bigint>()
  for (const { amount, role, version } of split.parts) {
    if (role !== 'treasury') receipts.set(version, (receipts.get(version) ?? 0n) + amount)
  }
  return receipts
}

/** The `max` largest parts in their own order, and the sum of the rest: a version may credit thousands. */
export function foldParts(
  parts: readonly SplitPart[],
  max: number,
): { shown: SplitPart[]; hidden: number; hiddenAmount: bigint } {
  const largest = new Set(
    [...parts].sort((a, b) => (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : 0)).slice(0, max),
  )
  const rest = parts.filter((part) => !largest.has(part))
  return {
    shown: parts.filter((part) => largest.has(part)),
    hidden: rest.length,
    hiddenAmount: rest.reduce((sum, part) => sum + part.amount, 0n),
  }
}

function contributorLabel(vertex: Vertex | undefined, start: bigint): string | null {
  let at = 0n
  for (const contributor of vertex?.contributors ?? []) {
    if (at === start) return contributor.label
    at += BigInt(contributor.weight)
  }
  return null
}
