import fc from 'fast-check'
import { numberToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import {
  type Account,
  type Accounts,
  accountOf,
  collectContributor,
  collectOwner,
  contributorEntitled,
  duesOf,
  type LedgerVertex,
  liensDue,
  liensMax,
  movedOf,
  ownerEntitled,
  pay,
  pull,
  pullAll,
  pullable,
  setLien,
  settleAll,
  treasuryVersion,
  type Vertices,
  vertexOf,
} from './ledger.js'
import { splitSale } from './splitSale.js'

/** Random graphs as the registry allows them: whatever a version owes is older, royalties together at most 50 %. */
const graph: fc.Arbitrary<Vertices> = fc
  .array(
    fc.record({
      feeBps: fc.integer({ min: 0, max: 500 }),
      contributorBps: fc.integer({ min: 0, max: 10_000 }),
      weights: fc.array(fc.bigInt({ min: 1n, max: 10_000n }), { maxLength: 5 }),
      isCollection: fc.boolean(),
      parents: fc.uniqueArray(fc.nat(20), { maxLength: 4 }),
      suppliers: fc.uniqueArray(fc.nat(20), { maxLength: 2 }),
      rates: fc.array(fc.integer({ min: 0, max: 1_100 }), { minLength: 4, maxLength: 4 }),
      serves: fc.array(fc.integer({ min: 0, max: 2_500 }), { minLength: 2, maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((list) => {
    const vertices = list.map((drawn, index): LedgerVertex => {
      const before = (places: readonly number[]) =>
        [...new Set(index === 0 ? [] : places.map((place) => (place % index) + 1))].sort((a, b) => a - b).map(BigInt)
      const leaves = drawn.weights.map((weight, i) => ({ account: numberToHex(i + 1, { size: 20 }), weight }))
      const members = before(drawn.parents).map((version, i) => ({ version, weight: drawn.weights[i] ?? 1n }))
      const isCollection = drawn.isCollection && members.length > 0
      return {
        version: BigInt(index + 1),
        feeBps: drawn.feeBps,
        contributorBps: isCollection || leaves.length > 0 ? drawn.contributorBps : 0,
        edges: before(drawn.parents).map((ancestor, i) => ({ ancestor, bps: drawn.rates[i] ?? 0 })),
        supplies: before(drawn.suppliers).map((supplier, i) => ({ supplier, bps: drawn.serves[i] ?? 0 })),
        contributors: isCollection ? [] : leaves,
        members: isCollection ? members : [],
      }
    })
    return new Map(vertices.map((vertex) => [vertex.version, vertex]))
  })

type Step = {
  call: 'pay' | 'pull' | 'pullAll' | 'owner' | 'contributor' | 'lien'
  at: number
  index: number
  amount: bigint
}
const step: fc.Arbitrary<Step> = fc.record({
  call: fc.constantFrom('pay', 'pay', 'pull', 'pull', 'pullAll', 'owner', 'contributor', 'contributor', 'lien'),
  at: fc.nat(20),
  index: fc.nat(20_000),
  amount: fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: 10n ** 9n })),
})
const withoutLiens = step.map((next): Step => (next.call === 'lien' ? { ...next, call: 'pay' } : next))

const leavesOf = ({ contributors, members }: LedgerVertex) => (members.length > 0 ? members : contributors)

/** One call on a graph, chosen by the step's numbers, and what left the ledger by it. */
function take(
  accounts: Accounts,
  vertices: Vertices,
  { call, at, index, amount }: Step,
): { accounts: Accounts; amount: bigint } {
  const version = BigInt((at % vertices.size) + 1)
  const vertex = vertexOf(vertices, version)
  const inside = (next: Accounts) => ({ accounts: next, amount: 0n })
  if (call === 'pay') return inside(pay(accounts, version, amount))
  if (call === 'pull') return inside(pull(accounts, vertices, version))
  if (call === 'pullAll') return inside(pullAll(accounts, vertices))
  if (call === 'owner') return collectOwner(accounts, vertices, at % 3 === 0 ? treasuryVersion : version)
  if (call === 'lien') {
    const creditor = BigInt((index % vertices.size) + 1)
    if (creditor === version || accountOf(accounts, version).liens.length === liensMax) return inside(accounts)
    return inside(setLien(accounts, vertices, version, { creditor, bps: (index % 10_000) + 1, cap: amount }))
  }
  const leaves = leavesOf(vertex)
  if (leaves.length === 0) return inside(accounts)
  const collected = collectContributor(accounts, vertices, version, index % leaves.length)
  return vertex.members.length > 0 ? inside(collected.accounts) : collected
}

function run(vertices: Vertices, steps: readonly Step[]): { accounts: Accounts; paidIn: bigint; paidOut: bigint } {
  let accounts: Accounts = new Map()
  let [paidIn, paidOut] = [0n, 0n]
  for (const next of steps) {
    const result = take(accounts, vertices, next)
    expect(result.amount).toBeGreaterThanOrEqual(0n)
    if (next.call === 'pay') paidIn += next.amount
    paidOut += result.amount
    accounts = result.accounts
  }
  return { accounts, paidIn, paidOut }
}

const everyVersion = (vertices: Vertices): bigint[] => [treasuryVersion, ...vertices.keys()]

/** Moves everything and pays everyone, until nothing is left to pay: a lien may feed a version that is paid already. */
function finish(accounts: Accounts, vertices: Vertices): { accounts: Accounts; amount: bigint } {
  let paid = 0n
  let state = settleAll(accounts, vertices, 500)
  const add = (collected: { accounts: Accounts; amount: bigint }) => {
    expect(collected.amount).toBeGreaterThanOrEqual(0n)
    state = collected.accounts
    paid += collected.amount
  }
  for (const version of everyVersion(vertices)) {
    add(collectOwner(state, vertices, version))
    for (const index of vertexOf(vertices, version).contributors.keys())
      add(collectContributor(state, vertices, version, index))
  }
  return { accounts: state, amount: paid }
}

/** What every party of the graph has earned, by name. */
function entitlements(accounts: Accounts, vertices: Vertices): Record<string, bigint> {
  const entries = everyVersion(vertices).flatMap((version) => {
    const [account, vertex] = [accountOf(accounts, version), vertexOf(vertices, version)]
    const leaves = leavesOf(vertex).map((_, i) => [`${version}/${i}`, contributorEntitled(account, vertex, i)] as const)
    return [[`${version}`, ownerEntitled(account, vertex)] as const, ...leaves]
  })
  return Object.fromEntries(entries)
}

const termsOf = ({ edges, supplies, contributors, members }: LedgerVertex): bigint =>
  1n + BigInt(edges.length + supplies.length + contributors.length + members.length)

/** What has left a version's account, to whomever. */
const outOf = (account: Account, vertex: LedgerVertex): bigint =>
  [...account.contributionsCollected.values(), ...account.liens.map(({ moved }) => moved)].reduce(
    (sum, amount) => sum + amount,
    account.ownerCollected + movedOf(account, vertex),
  )

describe('on random graphs', () => {
  const history = fc.tuple(graph, fc.array(step, { maxLength: 60 }))
  const historyWithoutLiens = fc.tuple(graph, fc.array(withoutLiens, { maxLength: 60 }))

  test('nothing falls or is negative, no more goes out than came in, and all of it goes out but the dust', () => {
    fc.assert(
      fc.property(history, ([vertices, steps]) => {
        let accounts: Accounts = new Map()
        let [paidIn, paidOut] = [0n, 0n]
        for (const next of steps) {
          const before = entitlements(accounts, vertices)
          const result = take(accounts, vertices, next)
          if (next.call === 'pay') paidIn += next.amount
          paidOut += result.amount
          accounts = result.accounts
          expect(result.amount).toBeGreaterThanOrEqual(0n)
          expect(paidOut).toBeLessThanOrEqual(paidIn)
          for (const [party, entitled] of Object.entries(entitlements(accounts, vertices)))
            expect(entitled).toBeGreaterThanOrEqual(before[party] ?? 0n)
          for (const vertex of vertices.values())
            for (const due of liensDue(accountOf(accounts, vertex.version), vertex))
              expect(due).toBeGreaterThanOrEqual(0n)
        }
        const end = finish(accounts, vertices)
        const dust = paidIn - paidOut - end.amount
        expect(dust).toBeGreaterThanOrEqual(0n)
        const dustMax = [...vertices.values()].reduce((sum, vertex) => sum + termsOf(vertex), 0n)
        expect(dust).toBeLessThanOrEqual(dustMax)
        expect(finish(end.accounts, vertices).amount).toBe(0n)
      }),
      { numRuns: 1_000 },
    )
  })

  test('each version keeps at most 1 + edges + contributors units for ever', () => {
    fc.assert(
      fc.property(history, ([vertices, steps]) => {
        const { accounts } = finish(run(vertices, steps).accounts, vertices)
        for (const vertex of vertices.values()) {
          const account = accountOf(accounts, vertex.version)
          const dust = account.sales + account.royalties - outOf(account, vertex)
          expect(dust).toBeGreaterThanOrEqual(0n)
          expect(dust).toBeLessThanOrEqual(termsOf(vertex))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('pulls together move the floor of the cumulative sales along each edge, whenever they were made', () => {
    fc.assert(
      fc.property(graph, fc.array(step, { maxLength: 60 }), (vertices, steps) => {
        const moved = new Map<string, bigint>()
        let accounts: Accounts = new Map()
        for (const next of [...steps, { call: 'pullAll', at: 0, index: 0, amount: 0n } as const]) {
          // What a pull is going to move is told before it, so this sums what the contract's events would say.
          const pulls =
            next.call === 'pull'
              ? [BigInt((next.at % vertices.size) + 1)]
              : next.call === 'pullAll'
                ? [...vertices.keys()].reverse()
                : []
          for (const version of pulls) {
            const dues = duesOf(accountOf(accounts, version), vertexOf(vertices, version))
            for (const { kind, to, amount } of dues)
              moved.set(`${version} ${kind} ${to}`, (moved.get(`${version} ${kind} ${to}`) ?? 0n) + amount)
            expect(pullable(accounts, vertices, version)).toBe(dues.reduce((sum, { amount }) => sum + amount, 0n))
            accounts = pull(accounts, vertices, version)
          }
          if (pulls.length === 0) accounts = take(accounts, vertices, next).accounts
        }
        for (const { version, edges, supplies, feeBps } of vertices.values()) {
          const { sales } = accountOf(accounts, version)
          const expectMoved = (key: string, bps: number) =>
            expect(moved.get(`${version} ${key}`) ?? 0n).toBe((sales * BigInt(bps)) / 10_000n)
          for (const { ancestor, bps } of edges) expectMoved(`royalty ${ancestor}`, bps)
          for (const { supplier, bps } of supplies) expectMoved(`supply ${supplier}`, bps)
          expectMoved('fee 0', feeBps)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('every order of calls gives the same totals, but for liens, which take what comes after them', () => {
    const shuffled = historyWithoutLiens.chain(([vertices, steps]) =>
      fc.tuple(fc.constant(vertices), fc.constant(steps), fc.shuffledSubarray(steps, { minLength: steps.length })),
    )
    fc.assert(
      fc.property(shuffled, ([vertices, one, other]) => {
        const totals = [one, other].map((steps) => {
          const { accounts } = finish(run(vertices, steps).accounts, vertices)
          return {
            entitled: entitlements(accounts, vertices),
            accounts: everyVersion(vertices).map((id) => comparable(accountOf(accounts, id), vertexOf(vertices, id))),
          }
        })
        expect(totals[0]).toEqual(totals[1])
      }),
      { numRuns: 500 },
    )
  })

  test('with liens, no order of pulls and collections changes what anyone gets', () => {
    fc.assert(
      fc.property(history, fc.array(withoutLiens, { maxLength: 20 }), ([vertices, steps], added) => {
        const moving = added.filter(({ call }) => call !== 'pay')
        const early = run(vertices, steps).accounts
        const late = run(vertices, [...steps, ...moving]).accounts
        // Liens in a circle may be left at different points of their last round.
        fc.pre(settles(early, vertices))
        const [one, other] = [early, late].map((accounts) => {
          const end = finish(accounts, vertices).accounts
          return everyVersion(vertices).map((id) => comparable(accountOf(end, id), vertexOf(vertices, id)))
        })
        expect(one).toEqual(other)
      }),
      { numRuns: 500 },
    )
  })

  test('nobody gets more than the exact share, nor less than it by a unit a term', () => {
    fc.assert(
      fc.property(historyWithoutLiens, ([vertices, steps]) => {
        const accounts = settleAll(run(vertices, steps).accounts, vertices)
        for (const version of everyVersion(vertices)) {
          const [account, vertex] = [accountOf(accounts, version), vertexOf(vertices, version)]
          const { exact, terms } = exactResidue(accounts, vertices, version)
          // share · denominator stands between (exact − terms) and exact, both times the party's numerator.
          const holds = (share: bigint, numerator: bigint, denominator: bigint, floors: bigint) => {
            expect(share * denominator).toBeLessThanOrEqual(exact * numerator)
            expect((share + floors) * denominator).toBeGreaterThan(exact * numerator)
          }
          holds(ownerEntitled(account, vertex), BigInt(10_000 - vertex.contributorBps), 100_000_000n, terms + 1n)
          const leaves = leavesOf(vertex)
          const weightSum = leaves.reduce((sum, { weight }) => sum + weight, 0n)
          for (const [index, { weight }] of leaves.entries()) {
            const numerator = BigInt(vertex.contributorBps) * weight
            holds(contributorEntitled(account, vertex, index), numerator, 100_000_000n * weightSum, terms + 2n)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('splitSale sums to the price, dust included, and agrees with the ledger', () => {
    fc.assert(
      fc.property(graph, fc.nat(20), fc.bigInt({ min: 0n, max: 10n ** 12n }), (vertices, at, amount) => {
        const version = BigInt((at % vertices.size) + 1)
        const { shares, dust } = splitSale(vertices, version, amount)
        expect(shares.reduce((sum, share) => sum + share.amount, dust)).toBe(amount)
        expect(dust).toBeGreaterThanOrEqual(0n)
        const accounts = amount === 0n ? new Map() : settleAll(pay(new Map(), version, amount), vertices)
        // Whoever is not in the split has nothing; a member's part is in the shares of the member.
        const ledger = Object.entries(entitlements(accounts, vertices)).filter(([party, entitled]) => {
          const [id = '', leaf] = party.split('/')
          return entitled > 0n && (leaf === undefined || vertexOf(vertices, BigInt(id)).members.length === 0)
        })
        const named = new Map<string, bigint>()
        for (const share of shares) {
          const at = share.role === 'contributor' ? `/${leafAt(vertexOf(vertices, share.version), share.start)}` : ''
          if (share.amount > 0n) named.set(`${share.version}${at}`, share.amount)
        }
        expect(Object.fromEntries(named)).toEqual(Object.fromEntries(ledger))
      }),
      { numRuns: 500 },
    )
  })
})

/** Which contributor starts where. */
function leafAt({ contributors }: LedgerVertex, start: bigint | undefined): number {
  let next = 0n
  return contributors.findIndex(({ weight }) => {
    next += weight
    return next - weight === start
  })
}

/** Ten thousand times the exact residue: own sales less what is owed, other sales by their rates, and members' parts. */
function exactResidue(accounts: Accounts, vertices: Vertices, version: bigint): { exact: bigint; terms: bigint } {
  const vertex = vertexOf(vertices, version)
  const owed = [...vertex.edges, ...vertex.supplies].reduce((sum, { bps }) => sum + bps, vertex.feeBps)
  const all = [...vertices.values()]
  const incoming = all.flatMap(({ version: id, edges, feeBps }) => {
    const { sales } = accountOf(accounts, id)
    if (version === treasuryVersion) return [sales * BigInt(feeBps)]
    return edges.filter(({ ancestor }) => ancestor === version).map(({ bps }) => sales * BigInt(bps))
  })
  // What collections credited is taken as it is: their own floors are theirs.
  const credited = all.flatMap((collection) =>
    collection.members.flatMap((member, index) =>
      member.version === version
        ? [contributorEntitled(accountOf(accounts, collection.version), collection, index) * 10_000n]
        : [],
    ),
  )
  const own = accountOf(accounts, version).sales * BigInt(10_000 - owed)
  return {
    exact: [...incoming, ...credited].reduce((sum, part) => sum + part, own),
    terms: BigInt(incoming.length + credited.length + 1),
  }
}

/** Whether liens come to rest, so that one more round moves nothing. */
function settles(accounts: Accounts, vertices: Vertices): boolean {
  const settled = settleAll(accounts, vertices, 500)
  return [...vertices.values()].every((vertex) =>
    liensDue(accountOf(settled, vertex.version), vertex).every((due) => due === 0n),
  )
}

/** Maps compare by insertion order nowhere but here: sorted, so that only their contents count. */
function comparable(account: Account, vertex: LedgerVertex) {
  const { pulledSales, ...rest } = account
  return {
    ...rest,
    // Two markers are one when they moved the same.
    moved: movedOf({ ...account, pulledSales }, vertex),
    contributionsCollected: [...account.contributionsCollected]
      .filter(([, amount]) => amount !== 0n)
      .sort(([a], [b]) => Number(a) - Number(b)),
  }
}
