import {
  type Accounts,
  type AssetKind,
  accountOf,
  assetKinds,
  type Contribution,
  collectContributor,
  collectOwner,
  createContributorTree,
  devAccounts,
  drawEdges,
  duesOf,
  encodeTerms,
  isAgoraiError,
  kindToNumber,
  type LedgerVertex,
  liensDue,
  memberAccountOf,
  type PublishedVersion,
  pay,
  pull,
  setLien,
  supplyKinds,
  type Terms,
  treasuryVersion,
  vertexOf,
} from '@agorai/core'
import fc from 'fast-check'
import { type Address, type Hex, numberToHex } from 'viem'
import { eventText } from './simulatedChain.js'

/** A graph of versions and its ledger as core computes them, one step after another, beside the contracts. */
export type Graph = {
  accounts: Accounts
  versions: Map<bigint, Recorded>
  vertices: Map<bigint, LedgerVertex>
  /** By asset. */
  owners: Map<bigint, Address>
  current: Map<bigint, bigint>
  released: Map<bigint, Set<bigint>>
  retired: Set<bigint>
  erased: Set<bigint>
  feeBps: number
  publications: bigint
  paidIn: bigint
  paidOut: bigint
}

/** What never changes of a version. */
export type Recorded = Omit<PublishedVersion, 'owner' | 'gone'> & {
  kind: AssetKind
  publisher: Address
  digest: Hex
  root: Hex
  contributions: readonly Contribution[]
}

/** What a step calls, and the code it is refused with or the events it is told with. */
export type Expectation = {
  from: Address
  contract: 'assetRegistry' | 'revenueLedger'
  name: string
  args: readonly unknown[]
  refusal?: string
  events: readonly string[]
}

export type Roles = { token: Address; governor: Address; arbiter: Address; payer: Address; treasury: Address }

export const createGraph = (feeBps: number): Graph => ({
  ...{ accounts: new Map(), versions: new Map(), vertices: new Map(), owners: new Map(), current: new Map() },
  ...{ released: new Map(), retired: new Set(), erased: new Set(), feeBps, publications: 0n, paidIn: 0n, paidOut: 0n },
})

export const accountAt = (index: number): Address => devAccounts[index % devAccounts.length]?.address as Address
/** Assets are of four accounts, so that some are built from what has the same owner. */
const ownerAt = (index: number): Address => accountAt((index % 4) + 1)

/** How often each step is drawn. */
const weights = {
  ...{ publish: 4, pay: 7, pull: 4, collect: 4, contribute: 5, lien: 3, transfer: 2, fee: 1, release: 1 },
  ...{ retire: 1, erase: 1, mistake: 1 },
}
export type StepKind = keyof typeof weights
export type Step = { kind: StepKind; at: number; other: number; more: number; bps: number; amount: bigint }

const stepOf = (kind: fc.Arbitrary<StepKind>): fc.Arbitrary<Step> =>
  fc.record({
    kind,
    // Often one of the first versions, so that a history comes back to them.
    at: fc.oneof(fc.nat(2), fc.nat(2 ** 20)),
    other: fc.nat(2 ** 20),
    more: fc.nat(2 ** 20),
    bps: fc.oneof(fc.nat(600), fc.nat(10_000)),
    amount: fc.oneof(
      { weight: 4, arbitrary: fc.bigInt(1n, 20n) },
      { weight: 4, arbitrary: fc.bigInt(1n, 10n ** 12n) },
      { weight: 2, arbitrary: fc.bigInt(1n, 10n ** 30n) },
      { weight: 1, arbitrary: fc.bigInt(2n ** 124n, 2n ** 126n) },
    ),
  })

/** Some versions first, then anything. */
export const historyArbitrary: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    fc.array(stepOf(fc.constant('publish')), { minLength: 3, maxLength: 9, size: 'max' }),
    fc.array(
      stepOf(
        fc.oneof(
          ...Object.entries(weights).map(([kind, weight]) => ({ arbitrary: fc.constant(kind as StepKind), weight })),
        ),
      ),
      { minLength: 10, maxLength: 60, size: 'max' },
    ),
  )
  .map((parts) => parts.flat())

/** Takes one step: changes the graph as core says, and tells what the contracts are to do. */
export function take(graph: Graph, step: Step, roles: Roles): Expectation | undefined {
  if (step.kind === 'publish') return publish(graph, step)
  if (step.kind === 'fee') return setFee(graph, step, roles)
  const version = pick(graph.versions, step.at)
  return version && actions[step.kind](graph, version, step, roles)
}

/** Everyone whose contribution or membership can be proven, with what the ledger takes as the proof. */
export const leavesIn = (graph: Graph) =>
  [...graph.versions.values()].flatMap((recorded) =>
    recorded.contributions.map((contribution, index) => ({
      version: recorded.version,
      index,
      contribution,
      part: partOf(recorded, contribution),
    })),
  )

type Action = (graph: Graph, version: Recorded, step: Step, roles: Roles) => Expectation | undefined

const actions: Record<Exclude<StepKind, 'publish' | 'fee'>, Action> = {
  pay: (graph, { version }, { amount }, { token, payer }) =>
    attempt(ledgerCall(payer, 'pay', [version, token, amount]), () => {
      graph.accounts = pay(graph.accounts, version, amount)
      graph.paidIn += amount
      return [eventText('RevenueReceived', { version, token, payer, amount })]
    }),

  pull: (graph, { version }, { other, more }, { token, payer }) => {
    const ids = more % 3 === 0 ? [version, pick(graph.versions, other)?.version ?? version] : [version]
    return attempt(ledgerCall(payer, 'pullMany', [token, ids]), () => {
      const events: string[] = []
      let { accounts } = graph
      for (const id of ids) {
        for (const { kind, to, amount } of duesOf(accountOf(accounts, id), vertexOf(graph.vertices, id)))
          events.push(
            kind === 'supply'
              ? eventText('SupplyPulled', { version: id, supplier: to, token, amount })
              : eventText('RevenuePulled', { version: id, ancestor: to, token, amount }),
          )
        accounts = pull(accounts, graph.vertices, id)
      }
      graph.accounts = accounts
      return events
    })
  },

  collect: (graph, { version }, { other, more }, { token, payer, treasury }) => {
    const second = more % 4 === 0 ? treasuryVersion : pick(graph.versions, other)?.version
    const ids = more % 2 === 0 && second !== undefined ? [version, second] : [version]
    return attempt(ledgerCall(payer, 'collectMany', [token, ids]), () => {
      const events: string[] = []
      let [accounts, paid] = [graph.accounts, 0n]
      for (const id of ids) {
        const account = accountOf(accounts, id)
        for (const [index, amount] of liensDue(account, vertexOf(graph.vertices, id)).entries()) {
          const creditor = account.liens[index]?.creditor
          if (amount > 0n) events.push(eventText('LienMoved', { version: id, token, creditor, index, amount }))
        }
        const { amount, ...collected } = collectOwner(accounts, graph.vertices, id)
        accounts = collected.accounts
        paid += amount
        const owner = graph.owners.get(graph.versions.get(id)?.asset ?? 0n) ?? treasury
        if (amount > 0n) events.push(eventText('RevenueCollected', { version: id, token, owner, amount }))
      }
      graph.accounts = accounts
      graph.paidOut += paid
      return events
    })
  },

  contribute: (graph, _, { at, other }, { token, payer }) => {
    const sharing = [...graph.versions].filter(
      ([, { contributions, contributorBps }]) => contributions.length * contributorBps > 0,
    )
    const recorded = pick(new Map(sharing), at)
    if (recorded === undefined) return undefined
    const { version, contributions, kind } = recorded
    const index = other % Math.max(1, contributions.length)
    const contribution = contributions[index]
    if (contribution === undefined) return undefined
    const isMember = kind === 'collection'
    const name = isMember ? 'creditMembers' : 'collectContributions'
    return attempt(ledgerCall(payer, name, [token, [partOf(recorded, contribution)]]), () => {
      const { accounts, amount } = collectContributor(graph.accounts, graph.vertices, version, index)
      graph.accounts = accounts
      if (amount === 0n) return []
      const { account, weight, start } = contribution
      const told = { version, token, start, weight, amount }
      if (isMember) return [eventText('MemberCredited', { ...told, member: BigInt(account) })]
      graph.paidOut += amount
      return [eventText('ContributionCollected', { ...told, account })]
    })
  },

  /** A member taken for a contributor, a contributor for a member, or somebody else's weight. */
  mistake: (_, recorded, { other, more }, { token, payer }) => {
    const contribution = recorded.contributions[other % Math.max(1, recorded.contributions.length)]
    if (contribution === undefined) return undefined
    const isMember = recorded.kind === 'collection'
    const part = partOf(recorded, contribution)
    const [swapped, refusal] = isMember
      ? (['collectContributions', 'contribution_invalid'] as const)
      : (['creditMembers', 'member_invalid'] as const)
    if (more % 2 === 0) return { ...ledgerCall(payer, swapped, [token, [part]]), refusal }
    const forged = { ...part, weight: part.weight + 1n }
    return { ...ledgerCall(payer, swapped, [token, [forged]]), refusal: 'contribution_invalid' }
  },

  lien: (graph, { version }, { other, more, bps, amount }, { token, arbiter }) => {
    // One in ten is for a creditor that does not exist, some for the version itself.
    const creditor = other % 10 === 0 ? BigInt(graph.versions.size + 1) : (pick(graph.versions, other)?.version ?? 0n)
    const cap = more % 20 === 0 ? 0n : amount
    return attempt(ledgerCall(arbiter, 'setLien', [version, token, creditor, bps, cap]), () => {
      graph.accounts = setLien(graph.accounts, graph.vertices, version, { creditor, bps, cap })
      const base = accountOf(graph.accounts, version).liens.at(-1)?.base
      return [eventText('LienSet', { version, token, creditor, bps, base, cap })]
    })
  },

  transfer: (graph, { asset }, { other }) => {
    const [from, to] = [graph.owners.get(asset), ownerAt(other)]
    if (from === undefined) return undefined
    graph.owners.set(asset, to)
    return registryCall(from, 'transferFrom', [from, to, asset])
  },

  release: (graph, { asset }, { other }) => {
    const ancestor = pick(graph.versions, other)?.asset ?? 0n
    const from = graph.owners.get(ancestor)
    graph.released.set(asset, (graph.released.get(asset) ?? new Set()).add(ancestor))
    return from && registryCall(from, 'releaseEdge', [asset, ancestor])
  },

  retire: (graph, { asset }, { more }) => {
    const from = graph.owners.get(asset)
    // Rarely, lest nothing is left to build from.
    if (more % 2 === 0 || from === undefined) return undefined
    graph.retired.add(asset)
    return registryCall(from, 'retire', [asset])
  },

  erase: (graph, { version, asset }) => {
    const from = graph.owners.get(asset)
    graph.erased.add(version)
    return from && registryCall(from, 'erase', [version])
  },
}

function setFee(graph: Graph, { bps }: Step, { governor }: Roles): Expectation {
  const feeBps = bps % 601
  const call = registryCall(governor, 'setFee', [feeBps])
  if (feeBps > 500) return { ...call, refusal: 'fee_too_high' }
  graph.feeBps = feeBps
  return call
}

/** Terms and sources as anybody might state them, so that some publications are refused. */
function publish(graph: Graph, { at, other, more, bps, amount }: Step): Expectation {
  const version = BigInt(graph.versions.size + 1)
  const published = publishedIn(graph)
  const renewed = more % 4 === 0 ? pick(graph.versions, other) : undefined
  const before = renewed && published.get(graph.current.get(renewed.asset) ?? 0n)
  const kind = renewed?.kind ?? assetKinds[(at + other) % 16] ?? 'collection'
  const publisher = before?.owner ?? ownerAt(other)
  const parents = someOf(graph, at, 4)
  const suppliers = supplyKinds.includes(kind) || more % 40 === 0 ? someOf(graph, more, 3) : []
  const terms: Terms = {
    ...{ royaltyBps: bps % 1_001, serveBps: (bps * 7) % 3_001, consent: false, attribution: other % 2 === 0 },
    ...{ derivatives: more % 16 !== 0, commercial: other % 8 !== 0 },
  }
  const leaves = leavesOf(graph, kind, Number(amount % 6n), more)
  const { root, weightSum, contributions } = createContributorTree(leaves)
  // Rarely less than the version before shares, or a share without anybody to have it.
  const drawnBps = more % 3 === 0 || (leaves.length === 0 && more % 10 > 0) ? 0 : (bps * 13) % 10_001
  const contributorBps = other % 5 === 0 ? drawnBps : Math.max(drawnBps, before?.contributorBps ?? 0)
  graph.publications += 1n
  const digest = numberToHex(graph.publications, { size: 32 })
  const stated = { contributors: { root, bps: contributorBps }, terms: encodeTerms(terms), manifestDigest: digest }
  const publication = { ...stated, parents, suppliers, feeBpsMax: 500, consents: [] }
  const call =
    before === undefined
      ? registryCall(publisher, 'publish', [kindToNumber(kind), publication])
      : registryCall(publisher, 'publishVersion', [before.asset, publication])
  return attempt(call, () => {
    const asset = before?.asset ?? version
    const { edges, supplies, feeBps, supplyDepth, freeOnly } = drawEdges(published, {
      ...{ publisher, kind, parents, suppliers, before, protocolFeeBps: graph.feeBps },
      contributors: { bps: contributorBps, weightSum },
      released: graph.released.get(asset) ?? new Set(),
    })
    const owed = { version, contributorBps, edges, supplies }
    graph.versions.set(version, {
      ...{ ...owed, asset, terms, supplyDepth, freeOnly, kind, publisher, digest, root, contributions },
    })
    const isCollection = kind === 'collection'
    graph.vertices.set(version, {
      ...{ ...owed, feeBps, contributors: isCollection ? [] : leaves },
      members: isCollection ? leaves.map(({ account, weight }) => ({ version: BigInt(account), weight })) : [],
    })
    graph.current.set(asset, version)
    graph.owners.set(asset, publisher)
    const told = { version, asset, publisher, kind: kindToNumber(kind), ...stated, feeBps }
    const events = [eventText('VersionPublished', told)]
    if (edges.length + supplies.length + parents.length === 0) return events
    const drawn = {
      royalties: edges.map((edge) => ({ version: edge.ancestor, bps: edge.bps })),
      supplies: supplies.map((edge) => ({ version: edge.supplier, bps: edge.bps })),
    }
    return [...events, eventText('EdgesDrawn', { version, parents, suppliers, ...drawn })]
  })
}

/** The versions as the registry knows them now. */
function publishedIn({ versions, owners, retired, erased }: Graph): ReadonlyMap<bigint, PublishedVersion> {
  return new Map(
    [...versions].map(([id, recorded]) => {
      const gone = erased.has(id) || retired.has(recorded.asset)
      return [id, { ...recorded, owner: owners.get(recorded.asset) ?? recorded.publisher, gone }]
    }),
  )
}

const pick = <item>(items: ReadonlyMap<bigint, item>, place: number): item | undefined =>
  [...items.values()][place % Math.max(1, items.size)]

/** Some of the versions, nearly always ascending and each once. */
function someOf({ versions }: Graph, seed: number, max: number): bigint[] {
  const count = BigInt(versions.size)
  if (count === 0n) return []
  const drawn = Array.from({ length: seed % (max + 1) }, (_, i) => (BigInt(seed >> (3 * i)) % count) + 1n)
  if (seed % 30 === 0) return drawn
  return [...new Set(drawn)].sort((a, b) => (a < b ? -1 : 1))
}

function leavesOf({ versions }: Graph, kind: AssetKind, count: number, seed: number) {
  const weightAt = (i: number) => BigInt(((seed >> i) % 1_000) + 1)
  if (kind !== 'collection')
    return Array.from({ length: count }, (_, i) => ({ account: accountAt(i + 3), weight: weightAt(i) }))
  const ids = [...versions.keys()].slice(0, count)
  return ids.map((id, i) => ({ account: memberAccountOf(id), weight: weightAt(i) }))
}

function partOf({ version, publisher, digest, root }: Recorded, contribution: Contribution) {
  const { start: _, ...proven } = contribution
  return { version, publisher, manifestDigest: digest, contributorRoot: root, ...proven }
}

const ledgerCall = (from: Address, name: string, args: readonly unknown[]): Expectation => ({
  ...{ from, contract: 'revenueLedger', name, args, events: [] },
})
const registryCall = (from: Address, name: string, args: readonly unknown[]): Expectation => ({
  ...{ from, contract: 'assetRegistry', name, args, events: [] },
})

/** Whatever core refuses, the contract refuses by the same code, and nothing has changed. */
function attempt(call: Expectation, change: () => readonly string[]): Expectation {
  try {
    return { ...call, events: change() }
  } catch (error) {
    if (!isAgoraiError(error)) throw error
    return { ...call, refusal: error.code }
  }
}
