import type { Address } from 'viem'
import { AgoraiError } from '../errors/AgoraiError.js'
import { type Shares, shareOut } from './shares.js'

/**
 * The mathematics of `RevenueLedger` for one token, as pure functions: what the contract stores, and what each call makes
 * of it. Every share is a floor of a *cumulative* total, so totals never fall, nothing underflows, and the order of calls
 * changes no total. With S the sales, R the royalties and D the sales at the last pull of a version, all rates of 10,000:
 *
 *     a pull moves                    ⌊S·r⌋ − ⌊D·r⌋   along each edge at rate r; together all pulls move ⌊S·r⌋
 *                                     a royalty to its ancestor's R, the fee to the treasury's R, a supply to S
 *     the version keeps               E = ⌊S·(1 − fee − Σρ − Σs)⌋ + R
 *     its contributors at rate c      P = ⌊E·c⌋, and one with weight w of W has ⌊P·w ∕ W⌋; in a collection a member's R
 *     its owner                       O = ⌊E·(1 − c)⌋, less for each lien min(cap, ⌊(O − base)·λ⌋) of what is left
 *
 * The floors leave at most 1 + edges + contributors base units in a version, for ever: dust.
 */
export type LedgerVertex = {
  version: bigint
  /** Protocol fee that was frozen when the version was published. */
  feeBps: number
  contributorBps: number
  /** Royalties, ancestors ascending; at most 16. */
  edges: readonly { ancestor: bigint; bps: number }[]
  /** What it pays the versions whose work it sells; at most 4. */
  supplies: readonly { supplier: bigint; bps: number }[]
  /** In the order of the contributor tree. */
  contributors: readonly { account: Address; weight: bigint }[]
  /** Of a collection, the leaves of its tree instead of contributors. */
  members: readonly { version: bigint; weight: bigint }[]
}

/** A ruling's share of what an owner earns from the ruling on. */
export type Lien = {
  creditor: bigint
  bps: number
  /** What the owner had at the ruling, after the liens before this one. */
  base: bigint
  /** Most that it ever moves. */
  cap: bigint
  moved: bigint
}

/** What the ledger holds of one version. Base units, cumulative. */
export type Account = {
  sales: bigint
  royalties: bigint
  ownerCollected: bigint
  /** The sales at the last pull that moved anything. */
  pulledSales: bigint
  /** In the order in which they were set; at most 4. */
  liens: readonly Lien[]
  /** Paid to each contributor, or credited to each member, by the start of its interval of weight. */
  contributionsCollected: ReadonlyMap<bigint, bigint>
}

export type Accounts = ReadonlyMap<bigint, Account>
export type Vertices = ReadonlyMap<bigint, LedgerVertex>

/** One part of what a pull moves. */
export type Due = { kind: 'royalty' | 'fee' | 'supply'; to: bigint; amount: bigint }

/** The version whose owner is the treasury. */
export const treasuryVersion = 0n
/** The contract bounds sales and royalties of a version, each. */
export const totalMax = 2n ** 126n - 1n
export const liensMax = 4

const whole = 10_000n

const treasuryVertex: LedgerVertex = {
  version: treasuryVersion,
  feeBps: 0,
  contributorBps: 0,
  edges: [],
  supplies: [],
  contributors: [],
  members: [],
}

export const emptyAccount: Account = {
  sales: 0n,
  royalties: 0n,
  ownerCollected: 0n,
  pulledSales: 0n,
  liens: [],
  contributionsCollected: new Map(),
}

/** A version's account, empty when nothing has happened yet. */
export const accountOf = (accounts: Accounts, version: bigint): Account => accounts.get(version) ?? emptyAccount

/**
 * A sale of `version` comes in.
 *
 * @throws AgoraiError `amount_zero`, `amount_too_large`
 */
export function pay(accounts: Accounts, version: bigint, amount: bigint): Accounts {
  if (amount <= 0n) throw new AgoraiError('amount_zero', `The amount is ${amount}.`, { field: 'amount' })
  const next = new Map(accounts)
  credit(next, version, 'sales', amount)
  return next
}

/** What a pull of the version would move now, part by part: royalties, then the fee, then supplies. Zeros left out. */
export function duesOf(account: Account, vertex: LedgerVertex): readonly Due[] {
  const { sales, pulledSales } = account
  const due = (kind: Due['kind'], to: bigint, bps: number): Due => ({
    kind,
    to,
    amount: share(sales, bps) - share(pulledSales, bps),
  })
  return [
    ...vertex.edges.map(({ ancestor, bps }) => due('royalty', ancestor, bps)),
    due('fee', treasuryVersion, vertex.feeBps),
    ...vertex.supplies.map(({ supplier, bps }) => due('supply', supplier, bps)),
  ].filter(({ amount }) => amount > 0n)
}

/** What a pull of the version would move now, along all edges together: the contract's `pullableOf`. */
export const pullable = (accounts: Accounts, vertices: Vertices, version: bigint): bigint =>
  sum(duesOf(accountOf(accounts, version), vertexOf(vertices, version)).map(({ amount }) => amount))

/** All that pulls have moved out of a version so far. */
export function movedOf(account: Account, { edges, supplies, feeBps }: LedgerVertex): bigint {
  return sum([...edges, ...supplies, { bps: feeBps }].map(({ bps }) => share(account.pulledSales, bps)))
}

/** Moves what a version owes along all its edges. */
export function pull(accounts: Accounts, vertices: Vertices, version: bigint): Accounts {
  const next = new Map(accounts)
  pullInto(next, vertexOf(vertices, version))
  return next
}

/**
 * Moves what is due along every edge, once is enough: whatever an edge leads to has a lower id, so descending ids pull
 * every sale before the sales of its supplier.
 */
export function pullAll(accounts: Accounts, vertices: Vertices): Accounts {
  const next = new Map(accounts)
  for (const vertex of descending(vertices)) pullInto(next, vertex)
  return next
}

/** All that a version's owner has earned so far after its liens, collected or not. The treasury owns version 0. */
export function ownerEntitled(account: Account, vertex: LedgerVertex): bigint {
  const owned = earnedByOwner(account, vertex)
  return owned - sum(lienTotals(owned, account.liens))
}

/** What each lien of a version would move now, in their order. */
export function liensDue(account: Account, vertex: LedgerVertex): readonly bigint[] {
  const totals = lienTotals(earnedByOwner(account, vertex), account.liens)
  return account.liens.map(({ moved }, index) => (totals[index] ?? 0n) - moved)
}

/**
 * Sets a lien after those that stand already.
 *
 * @throws AgoraiError `lien_invalid`, `liens_too_many`, `not_found`
 */
export function setLien(
  accounts: Accounts,
  vertices: Vertices,
  version: bigint,
  { creditor, bps, cap }: Pick<Lien, 'creditor' | 'bps' | 'cap'>,
): Accounts {
  const account = accountOf(accounts, version)
  const base = ownerEntitled(account, vertexOf(vertices, version))
  if (
    version === treasuryVersion ||
    !vertices.has(creditor) ||
    creditor === version ||
    bps < 1 ||
    bps > 10_000 ||
    cap <= 0n ||
    cap >= 2n ** 128n
  )
    throw new AgoraiError('lien_invalid', `Creditor ${creditor}, ${bps} bps up to ${cap}.`, { field: 'lien' })
  if (account.liens.length === liensMax)
    throw new AgoraiError('liens_too_many', `Version ${version} has ${liensMax}.`, { field: 'version' })
  const liens = [...account.liens, { creditor, bps, base, cap, moved: 0n }]
  return new Map(accounts).set(version, { ...account, liens })
}

/** Moves what is due on a version's liens, then pays its owner all that is left and collectable now. */
export function collectOwner(
  accounts: Accounts,
  vertices: Vertices,
  version: bigint,
): { accounts: Accounts; amount: bigint; liens: readonly bigint[] } {
  const vertex = vertexOf(vertices, version)
  const next = new Map(accounts)
  const account = accountOf(accounts, version)
  const liens = moveLiensInto(next, vertex)
  const ownerCollected = ownerEntitled(account, vertex)
  next.set(version, { ...accountOf(next, version), ownerCollected })
  return { accounts: next, amount: ownerCollected - account.ownerCollected, liens }
}

/** All that one contributor of a version has earned so far, collected or not. */
export function contributorEntitled(account: Account, vertex: LedgerVertex, contributorIndex: number): bigint {
  const { weight } = leafAt(vertex, contributorIndex)
  return (contributorPool(account, vertex) * weight) / weightSumOf(vertex)
}

/** The same for all contributors of a version in one pass, in their order, since there may be a million. */
export const contributorsEntitled = (account: Account, vertex: LedgerVertex): Shares =>
  shareOut(contributorPool(account, vertex), vertex.contributors)

/** What each member of a collection was to be credited so far, credited or not. */
export function membersEntitled(
  account: Account,
  vertex: LedgerVertex,
): readonly { member: bigint; start: bigint; amount: bigint }[] {
  const shares = shareOut(contributorPool(account, vertex), vertex.members)
  return vertex.members.map(({ version: member }, index) => ({
    member,
    start: shares.startOf(index),
    amount: shares.amountOf(index),
  }))
}

/** Pays one contributor all that is collectable now, or credits one member of a collection. */
export function collectContributor(
  accounts: Accounts,
  vertices: Vertices,
  version: bigint,
  contributorIndex: number,
): { accounts: Accounts; amount: bigint } {
  const vertex = vertexOf(vertices, version)
  const account = accountOf(accounts, version)
  const entitled = contributorEntitled(account, vertex, contributorIndex)
  const start = contributorStart(vertex, contributorIndex)
  const next = new Map(accounts)
  const amount = collectLeafInto(next, vertex, { start, amount: entitled })
  const member = vertex.members[contributorIndex]
  if (member !== undefined) credit(next, member.version, 'royalties', amount)
  return { accounts: next, amount }
}

/**
 * Everything that anyone could move inside the ledger now: all edges, all members of collections, all liens. What
 * `ownerEntitled` and `contributorEntitled` then say is what a patient party can collect.
 *
 * @param passesMax Liens may lead to versions of any id, so one pass settles them only link by link. Liens that feed one
 * another in a circle shrink with each round, or end at their caps; what is left after the last pass stays for later.
 */
export function settleAll(accounts: Accounts, vertices: Vertices, passesMax = 32): Accounts {
  const next = new Map(accounts)
  for (let pass = 0; pass < passesMax; pass++) {
    let movedByLiens = 0n
    for (const vertex of descending(vertices)) {
      pullInto(next, vertex)
      creditMembersInto(next, vertex)
      movedByLiens += sum(moveLiensInto(next, vertex))
    }
    if (movedByLiens === 0n) break
  }
  return next
}

/** First unit of a contributor's (or member's) interval of weight: the weights before it. */
export const contributorStart = (vertex: LedgerVertex, contributorIndex: number): bigint =>
  sum(
    leavesOf(vertex)
      .slice(0, contributorIndex)
      .map(({ weight }) => weight),
  )

/** @throws AgoraiError `not_found` for a version that is neither among the vertices nor the treasury's. */
export function vertexOf(vertices: Vertices, version: bigint): LedgerVertex {
  const vertex = vertices.get(version) ?? (version === treasuryVersion ? treasuryVertex : undefined)
  if (vertex !== undefined) return vertex
  throw new AgoraiError('not_found', `There is no version ${version}.`, { field: 'version' })
}

/** ⌊amount · bps ∕ 10,000⌋ */
const share = (amount: bigint, bps: number): bigint => (amount * BigInt(bps)) / whole

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)

const descending = (vertices: Vertices): LedgerVertex[] =>
  [...vertices.values()].sort((a, b) => (a.version < b.version ? 1 : -1))

function residue(account: Account, { edges, supplies, feeBps }: LedgerVertex): bigint {
  const owedBps = [...edges, ...supplies].reduce((total, { bps }) => total + bps, feeBps)
  return share(account.sales, 10_000 - owedBps) + account.royalties
}

/** What all contributors have together. */
const contributorPool = (account: Account, vertex: LedgerVertex): bigint =>
  share(residue(account, vertex), vertex.contributorBps)

/** What the owner has before any lien. */
const earnedByOwner = (account: Account, vertex: LedgerVertex): bigint =>
  share(residue(account, vertex), 10_000 - vertex.contributorBps)

/**
 * What each lien has moved when all that is due has. One is taken after another, of what the one before left, because
 * only so does no order of earnings make what is left fall.
 */
function lienTotals(owned: bigint, liens: readonly Lien[]): readonly bigint[] {
  let left = owned
  return liens.map(({ base, bps, cap }) => {
    let total = share(left - base, bps)
    if (total > cap) total = cap
    left -= total
    return total
  })
}

const leavesOf = (vertex: LedgerVertex): readonly { weight: bigint }[] =>
  vertex.members.length > 0 ? vertex.members : vertex.contributors

const weightSumOf = (vertex: LedgerVertex): bigint => {
  let total = 0n
  for (const { weight } of leavesOf(vertex)) total += weight
  return total
}

function leafAt(vertex: LedgerVertex, index: number): { weight: bigint } {
  const leaf = leavesOf(vertex)[index]
  if (leaf !== undefined) return leaf
  throw new AgoraiError('not_found', `Version ${vertex.version} has no contributor ${index}.`, { field: 'contributor' })
}

function credit(accounts: Map<bigint, Account>, version: bigint, side: 'sales' | 'royalties', amount: bigint): void {
  const account = accountOf(accounts, version)
  const total = account[side] + amount
  if (total > totalMax)
    throw new AgoraiError('amount_too_large', `Version ${version} would have ${total}.`, { field: 'amount' })
  if (amount > 0n) accounts.set(version, { ...account, [side]: total })
}

function pullInto(accounts: Map<bigint, Account>, vertex: LedgerVertex): void {
  const account = accountOf(accounts, vertex.version)
  const dues = duesOf(account, vertex)
  if (dues.length === 0) return
  accounts.set(vertex.version, { ...account, pulledSales: account.sales })
  for (const { kind, to, amount } of dues) credit(accounts, to, kind === 'supply' ? 'sales' : 'royalties', amount)
}

function collectLeafInto(
  accounts: Map<bigint, Account>,
  vertex: LedgerVertex,
  { start, amount }: { start: bigint; amount: bigint },
): bigint {
  const account = accountOf(accounts, vertex.version)
  const contributionsCollected = new Map(account.contributionsCollected).set(start, amount)
  accounts.set(vertex.version, { ...account, contributionsCollected })
  return amount - (account.contributionsCollected.get(start) ?? 0n)
}

/** All members at once, since there may be ten thousand. */
function creditMembersInto(accounts: Map<bigint, Account>, vertex: LedgerVertex): void {
  if (vertex.members.length === 0) return
  const account = accountOf(accounts, vertex.version)
  const contributionsCollected = new Map(account.contributionsCollected)
  accounts.set(vertex.version, { ...account, contributionsCollected })
  for (const { member, start, amount } of membersEntitled(account, vertex)) {
    credit(accounts, member, 'royalties', amount - (contributionsCollected.get(start) ?? 0n))
    contributionsCollected.set(start, amount)
  }
}

function moveLiensInto(accounts: Map<bigint, Account>, vertex: LedgerVertex): readonly bigint[] {
  const account = accountOf(accounts, vertex.version)
  const dues = liensDue(account, vertex)
  const liens = account.liens.map((lien, index) => ({ ...lien, moved: lien.moved + (dues[index] ?? 0n) }))
  if (liens.length > 0) accounts.set(vertex.version, { ...account, liens })
  for (const [index, { creditor }] of liens.entries()) credit(accounts, creditor, 'royalties', dues[index] ?? 0n)
  return dues
}
