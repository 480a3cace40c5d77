import type { Address } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { type AssetKind, supplyKinds } from './kinds.js'
import { royaltyBpsMax, serveBpsMax, type Terms } from './terms.js'

/** What the registry knows of a version that others may build from, or whose work they may sell. */
export type PublishedVersion = {
  version: bigint
  asset: bigint
  /** Who owns the asset now. */
  owner: Address
  terms: Terms
  contributorBps: number
  edges: readonly { ancestor: bigint; bps: number }[]
  supplies: readonly { supplier: bigint; bps: number }[]
  /** How many suppliers stand one behind the other below it. */
  supplyDepth: number
  freeOnly: boolean
  /** Its content is erased, or its asset retired. */
  gone: boolean
}

export type EdgesDraft = {
  publisher: Address
  kind: AssetKind
  parents: readonly bigint[]
  suppliers: readonly bigint[]
  contributors: { bps: number; weightSum: bigint }
  /** The protocol fee of today, of 10,000. */
  protocolFeeBps: number
  /** The current version of the asset that a later one is published of. */
  before?: PublishedVersion | undefined
  /** Ancestor assets that have released this asset. */
  released?: ReadonlySet<bigint>
}

export type DrawnEdges = Pick<PublishedVersion, 'edges' | 'supplies' | 'supplyDepth' | 'freeOnly'> & {
  feeBps: number
  /** The fee and all edges together: what of a sale does not stay with the version. */
  owedBps: number
  /** Versions of other owners whose consent is asked for. */
  consentsNeeded: readonly bigint[]
}

export const ancestorsMax = 16
export const suppliersMax = 4
export const supplyDepthMax = 4

const whole = 10_000

type Edge = { asset: bigint; version: bigint; bps: number }

/**
 * What a version will owe, exactly as the registry finds it. It owes each parent and, for each parent, all that the parent
 * owes and all that the parent's suppliers are and owe, so that neither a dummy derivative nor a dummy service in between
 * dilutes an ancestor: one edge for each ancestor asset, to its later version at the larger rate. A later version starts
 * with the edges of the one before. The protocol fee is charged on value added: ⌊fee · (10,000 − supplies) ∕ 10,000⌋.
 *
 * @param versions At least the parents and suppliers, all that they owe royalties to, and their suppliers' likewise.
 * @throws AgoraiError `not_found`, `parents_invalid`, `version_retired`, `terms_refuse`, `edges_too_many`,
 * `suppliers_refused`, `suppliers_too_many`, `supply_too_deep`, `contributors_shrunk`, `rates_invalid`
 */
export function drawEdges(versions: ReadonlyMap<bigint, PublishedVersion>, draft: EdgesDraft): DrawnEdges {
  const { before, contributors } = draft
  if (before !== undefined && contributors.bps < before.contributorBps)
    throw new AgoraiError('contributors_shrunk', `It was ${before.contributorBps} bps.`, { field: 'contributors.bps' })
  const royalties = new Map<bigint, Edge>()
  for (const { ancestor, bps } of before?.edges ?? []) {
    const { asset } = versionIn(versions, ancestor)
    if (!draft.released?.has(asset)) addEdge(royalties, { asset, version: ancestor, bps })
  }
  if (draft.parents.length > ancestorsMax) throw tooManyEdges(draft.parents.length)
  const parents = draft.parents.map((_, place) => {
    const parent = sourceAt(versions, draft, 'parents', place)
    for (const edge of inheritedFrom(versions, parent)) if (edge.asset !== before?.asset) addEdge(royalties, edge)
    return parent
  })
  const suppliers = drawSuppliers(versions, draft)
  const edges = [...royalties.values()]
    .sort((a, b) => (a.version < b.version ? -1 : 1))
    .map(({ version, bps }) => ({ ancestor: version, bps }))
  const supplies = suppliers.map(({ version, terms }) => ({ supplier: version, bps: terms.serveBps }))
  return {
    edges,
    supplies,
    supplyDepth: suppliers.reduce((depth, supplier) => Math.max(depth, supplier.supplyDepth + 1), 0),
    freeOnly:
      before?.freeOnly === true || [...parents, ...suppliers].some((source) => makesFreeOnly(source, draft.publisher)),
    consentsNeeded: [...new Set([...parents, ...suppliers])]
      .filter((source) => isForeign(source, draft) && source.terms.consent)
      .map(({ version }) => version),
    ...ratesOf(draft, edges, supplies),
  }
}

function versionIn(versions: ReadonlyMap<bigint, PublishedVersion>, id: bigint): PublishedVersion {
  const version = versions.get(id)
  if (version !== undefined) return version
  throw new AgoraiError('not_found', `There is no version ${id}.`, { field: 'version' })
}

/** Of two versions of one asset the later stays, at the larger of the two rates. */
function addEdge(edges: Map<bigint, Edge>, { asset, version, bps }: Edge): void {
  const other = edges.get(asset)
  if (other === undefined && edges.size === ancestorsMax) throw tooManyEdges(ancestorsMax + 1)
  edges.set(asset, {
    asset,
    version: other !== undefined && other.version > version ? other.version : version,
    bps: Math.max(other?.bps ?? 0, bps),
  })
}

function inheritedFrom(versions: ReadonlyMap<bigint, PublishedVersion>, source: PublishedVersion): readonly Edge[] {
  return [
    ...source.edges.map(({ ancestor, bps }) => ({
      asset: versionIn(versions, ancestor).asset,
      version: ancestor,
      bps,
    })),
    { asset: source.asset, version: source.version, bps: source.terms.royaltyBps },
    ...source.supplies.flatMap(({ supplier }) => inheritedFrom(versions, versionIn(versions, supplier))),
  ]
}

/** Terms bind others only: an owner needs no permission to use its own work. */
const isForeign = (source: PublishedVersion, { publisher }: EdgesDraft): boolean =>
  !isAddressEqual(source.owner, publisher)

const makesFreeOnly = ({ freeOnly, owner, terms }: PublishedVersion, publisher: Address): boolean =>
  freeOnly || (!terms.commercial && !isAddressEqual(owner, publisher))

/** A parent or supplier that the draft may use. The registry looks at one after another, and at each in this order. */
function sourceAt(
  versions: ReadonlyMap<bigint, PublishedVersion>,
  draft: EdgesDraft,
  field: 'parents' | 'suppliers',
  place: number,
): PublishedVersion {
  const [previous, id] = [draft[field][place - 1] ?? 0n, draft[field][place] ?? 0n]
  if (id <= previous)
    throw new AgoraiError('parents_invalid', `Version ${id} stands after version ${previous}.`, { field })
  const source = versionIn(versions, id)
  const { terms, version } = source
  const isAllowed = field === 'parents' ? terms.derivatives : terms.serveBps > 0
  if (isForeign(source, draft) && !isAllowed) throw termsRefuse(version, field)
  if (source.gone) throw new AgoraiError('version_retired', `Version ${version} is retired or erased.`, { field })
  // An asset may have offers with a price already; they would sell what nobody may sell.
  if (draft.before?.freeOnly === false && makesFreeOnly(source, draft.publisher)) throw termsRefuse(version, field)
  return source
}

function drawSuppliers(
  versions: ReadonlyMap<bigint, PublishedVersion>,
  draft: EdgesDraft,
): readonly PublishedVersion[] {
  const field = 'suppliers'
  if (draft.suppliers.length > 0 && !supplyKinds.includes(draft.kind))
    throw new AgoraiError('suppliers_refused', `A ${draft.kind} has no suppliers.`, { field })
  if (draft.suppliers.length > suppliersMax)
    throw new AgoraiError('suppliers_too_many', `${draft.suppliers.length} are named.`, { field })
  return draft.suppliers.map((_, place) => {
    const supplier = sourceAt(versions, draft, field, place)
    if (supplier.supplyDepth < supplyDepthMax) return supplier
    throw new AgoraiError('supply_too_deep', `Version ${supplier.version} has ${supplyDepthMax} below it.`, { field })
  })
}

function ratesOf(
  { contributors, protocolFeeBps }: EdgesDraft,
  edges: readonly { bps: number }[],
  supplies: readonly { bps: number }[],
): { feeBps: number; owedBps: number } {
  const [royaltiesBps, suppliesBps] = [sumBps(edges), sumBps(supplies)]
  const feeBps = Math.floor((protocolFeeBps * (whole - suppliesBps)) / whole)
  const owedBps = feeBps + royaltiesBps + suppliesBps
  if (royaltiesBps > royaltyBpsMax || suppliesBps > serveBpsMax || owedBps > whole)
    throw new AgoraiError('rates_invalid', `Ancestors get ${royaltiesBps} bps, suppliers ${suppliesBps}.`)
  if (contributors.bps > whole || (contributors.bps > 0 && contributors.weightSum === 0n))
    throw new AgoraiError('rates_invalid', `Contributors get ${contributors.bps} bps.`, { field: 'contributors.bps' })
  return { feeBps, owedBps }
}

const sumBps = (edges: readonly { bps: number }[]): number => edges.reduce((sum, { bps }) => sum + bps, 0)

const tooManyEdges = (count: number): AgoraiError =>
  new AgoraiError('edges_too_many', `There are ${count}.`, { field: 'parents' })

const termsRefuse = (version: bigint, field: string): AgoraiError =>
  new AgoraiError('terms_refuse', `Version ${version} does not allow it.`, { field })
