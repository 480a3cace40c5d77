import type { Address } from 'viem'
import { AgoraiError } from '../errors/AgoraiError.js'

/**
 * The mathematics of `RevenueLedger` for one token, as pure functions: what the contract stores, and what each call makes
 * of it. Every share is a floor of a *cumulative* total, so totals never fall, nothing underflows, and the order of calls
 * changes no total. With S the sales and R the royalties of a version, all rates of 10,000:
 *
 *     an edge at rate ρ has moved     ⌊S·ρ⌋                   to its ancestor's R; the fee likewise to the treasury's
 *     the version keeps               E = ⌊S·(1 − fee − Σρ)⌋ + R
 *     its contributors at rate c      P = ⌊E·c⌋, and one with weight w of W has ⌊P·w ∕ W⌋
 *     its owner                       ⌊E·(1 − c)⌋
 *
 * The floors leave at most 1 + edges + contributors base units in a version, for ever: dust.
 */
export type LedgerVertex = {
  version: bigint
  /** Protocol fee that was frozen when the version was published. */
  feeBps: number
  contributorBps: number
  /** In the registry's order, at most 16. */
  edges: readonly { ancestor: bigint; bps: number }[]
  /** In the order of the contributor tree. */
  contributors: readonly { account: Address; weight: bigint }[]
}

/** What the ledger holds of one version. Base units, cumulative. */
export type Account = {
  sales: bigint
  royalties: bigint
  ownerCollected: bigint
  /** Moved along each edge, by its index; the fee at `feeIndex`. */
  pulled: ReadonlyMap<number, bigint>
  /** Paid to each contributor, by the start of its interval of weight. */
  contributionsCollected: ReadonlyMap<bigint, bigint>
}

export type Accounts = ReadonlyMap<bigint, Account>
export type Vertices = ReadonlyMap<bigint, LedgerVertex>

/** Where the protocol fee stands among a version's edges. */
export const feeIndex = 16
/** The version whose owner is the treasury. */
export const treasuryVersion = 0n

const whole = 10_000n

const treasuryVertex: LedgerVertex = {
  version: treasuryVersion,
  feeBps: 0,
  contributorBps: 0,
  edges: [],
  contributors: [],
}

const emptyAccount: Account = {
  sales: 0n,
  royalties: 0n,
  ownerCollected: 0n,
  pulled: new Map(),
  contributionsCollected: new Map(),
}

/** A version's account, empty when nothing has happened yet. */
export const accountOf = (accounts: Accounts, version: bigint): Account => accounts.get(version) ?? emptyAccount

/** A sale of `version` comes in. */
export function pay(accounts: Accounts, version: bigint, amount: bigint): Accounts {
  if (amount <= 0n) throw new AgoraiError('invalid_request', 'An amount is positive.', { field: 'amount' })
  const account = accountOf(accounts, version)
  return new Map(accounts).set(version, { ...account, sales: account.sales + amount })
}

/** What a `pull` of this edge would move now. */
export function pullable(accounts: Accounts, vertices: Vertices, version: bigint, index: number): bigint {
  const { bps } = edgeAt(vertices, version, index)
  const account = accountOf(accounts, version)
  return share(account.sales, bps) - (account.pulled.get(index) ?? 0n)
}

/** Moves what is due along one edge. */
export function pull(accounts: Accounts, vertices: Vertices, version: bigint, index: number): Accounts {
  const moved = new Map(accounts)
  pullInto(moved, vertices, version, index)
  return moved
}

/** Moves what is due along every edge. Once is enough: royalties owe nothing further. */
export function pullAll(accounts: Accounts, vertices: Vertices): Accounts {
  const moved = new Map(accounts)
  for (const { version, edges } of vertices.values()) {
    for (const index of edges.keys()) pullInto(moved, vertices, version, index)
    pullInto(moved, vertices, version, feeIndex)
  }
  return moved
}

/** All that a version's owner has earned so far, collected or not. The treasury is the owner of version 0. */
export function ownerEntitled(account: Account, vertex: LedgerVertex): bigint {
  return share(residue(account, vertex), 10_000 - vertex.contributorBps)
}

/** All that one contributor of a version has earned so far, collected or not. */
export function contributorEntitled(account: Account, vertex: LedgerVertex, contributorIndex: number): bigint {
  const { weight } = contributorAt(vertex, contributorIndex)
  return (contributorPool(account, vertex) * weight) / weightSumOf(vertex)
}

/** The same for all contributors of a version in one pass, since there may be ten thousand. */
export function contributorsEntitled(
  account: Account,
  vertex: LedgerVertex,
): readonly { account: Address; start: bigint; amount: bigint }[] {
  const [pool, weightSum] = [contributorPool(account, vertex), weightSumOf(vertex)]
  let next = 0n
  return vertex.contributors.map((contributor) => {
    const start = next
    next += contributor.weight
    return { account: contributor.account, start, amount: (pool * contributor.weight) / weightSum }
  })
}

/** Pays a version's owner all that is collectable now. */
export function collectOwner(
  accounts: Accounts,
  vertices: Vertices,
  version: bigint,
): { accounts: Accounts; amount: bigint } {
  const account = accountOf(accounts, version)
  const entitled = ownerEntitled(account, vertexOf(vertices, version))
  return {
    accounts: new Map(accounts).set(version, { ...account, ownerCollected: entitled }),
    amount: entitled - account.ownerCollected,
  }
}

/** Pays one contributor all that is collectable now. */
export function collectContributor(
  accounts: Accounts,
  vertices: Vertices,
  version: bigint,
  contributorIndex: number,
): { accounts: Accounts; amount: bigint } {
  const account = accountOf(accounts, version)
  const vertex = vertexOf(vertices, version)
  const entitled = contributorEntitled(account, vertex, contributorIndex)
  const start = contributorStart(vertex, contributorIndex)
  const contributionsCollected = new Map(account.contributionsCollected).set(start, entitled)
  return {
    accounts: new Map(accounts).set(version, { ...account, contributionsCollected }),
    amount: entitled - (account.contributionsCollected.get(start) ?? 0n),
  }
}

/** First unit of a contributor's interval of weight: the weights before it. */
export const contributorStart = (vertex: LedgerVertex, contributorIndex: number): bigint =>
  vertex.contributors.slice(0, contributorIndex).reduce((sum, { weight }) => sum + weight, 0n)

/** @throws AgoraiError `not_found` for a version that is neither among the vertices nor the treasury's. */
export function vertexOf(vertices: Vertices, version: bigint): LedgerVertex {
  const vertex = vertices.get(version) ?? (version === treasuryVersion ? treasuryVertex : undefined)
  if (vertex !== undefined) return vertex
  throw new AgoraiError('not_found', `There is no version ${version}.`, { field: 'version' })
}

/** ⌊amount · bps ∕ 10,000⌋ */
const share = (amount: bigint, bps: number): bigint => (amount * BigInt(bps)) / whole

function residue(account: Account, vertex: LedgerVertex): bigint {
  const owedBps = vertex.edges.reduce((sum, { bps }) => sum + bps, vertex.feeBps)
  return share(account.sales, 10_000 - owedBps) + account.royalties
}

/** What all contributors have together. */
const contributorPool = (account: Account, vertex: LedgerVertex): bigint =>
  share(residue(account, vertex), vertex.contributorBps)

const weightSumOf = (vertex: LedgerVertex): bigint => vertex.contributors.reduce((sum, { weight }) => sum + weight, 0n)

function edgeAt(vertices: Vertices, version: bigint, index: number): { ancestor: bigint; bps: number } {
  const vertex = vertexOf(vertices, version)
  const edge = index === feeIndex ? { ancestor: treasuryVersion, bps: vertex.feeBps } : vertex.edges[index]
  if (edge !== undefined) return edge
  throw new AgoraiError('not_found', `Version ${version} has no edge ${index}.`, { field: 'index' })
}

function contributorAt(vertex: LedgerVertex, index: number): { account: Address; weight: bigint } {
  const contributor = vertex.contributors[index]
  if (contributor !== undefined) return contributor
  throw new AgoraiError('not_found', `Version ${vertex.version} has no contributor ${index}.`, { field: 'contributor' })
}

function pullInto(accounts: Map<bigint, Account>, vertices: Vertices, version: bigint, index: number): void {
  const amount = pullable(accounts, vertices, version, index)
  if (amount === 0n) return
  const source = accountOf(accounts, version)
  const pulled = new Map(source.pulled).set(index, (source.pulled.get(index) ?? 0n) + amount)
  accounts.set(version, { ...source, pulled })
  const { ancestor } = edgeAt(vertices, version, index)
  const target = accountOf(accounts, ancestor)
  accounts.set(ancestor, { ...target, royalties: target.royalties + amount })
}
