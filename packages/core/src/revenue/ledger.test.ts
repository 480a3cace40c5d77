import fc from 'fast-check'
import type { Address } from 'viem'
import { numberToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import {
  type Accounts,
  accountOf,
  collectContributor,
  collectOwner,
  contributorEntitled,
  contributorStart,
  feeIndex,
  type LedgerVertex,
  ownerEntitled,
  pay,
  pull,
  pullAll,
  pullable,
  treasuryVersion,
  type Vertices,
  vertexOf,
} from './ledger.js'
import { splitSale } from './splitSale.js'

const addressAt = (index: number): Address => devAccounts[index]?.address ?? '0x'
const verticesOf = (...list: LedgerVertex[]): Vertices => new Map(list.map((vertex) => [vertex.version, vertex]))

/** The worked example of the design: a model built from a dataset whose terms ask 10 %, sold at 10 tUSD with a fee of 1 %. */
const dataset: LedgerVertex = {
  version: 1n,
  feeBps: 100,
  contributorBps: 6_000,
  edges: [],
  contributors: [
    { account: addressAt(3), weight: 4_000n },
    { account: addressAt(4), weight: 2_400n },
    { account: addressAt(5), weight: 1_600n },
  ],
}
const model: LedgerVertex = {
  version: 2n,
  feeBps: 100,
  contributorBps: 0,
  edges: [{ ancestor: 1n, bps: 1_000 }],
  contributors: [],
}

describe('the worked example', () => {
  const vertices = verticesOf(dataset, model)

  test('one sale, pulled and collected step by step', () => {
    let accounts = pay(new Map(), 2n, 10_000_000n)
    expect(pullable(accounts, vertices, 2n, 0)).toBe(1_000_000n)
    expect(pullable(accounts, vertices, 2n, feeIndex)).toBe(100_000n)
    accounts = pull(pull(accounts, vertices, 2n, 0), vertices, 2n, feeIndex)
    expect(pullable(accounts, vertices, 2n, 0)).toBe(0n)
    expect(accountOf(accounts, 1n).royalties).toBe(1_000_000n)
    const amounts: bigint[] = []
    const take = (collected: { accounts: Accounts; amount: bigint }) => {
      accounts = collected.accounts
      amounts.push(collected.amount)
    }
    take(collectOwner(accounts, vertices, treasuryVersion))
    take(collectOwner(accounts, vertices, 2n))
    take(collectOwner(accounts, vertices, 1n))
    for (const index of [0, 1, 2]) take(collectContributor(accounts, vertices, 1n, index))
    expect(amounts).toEqual([100_000n, 8_900_000n, 400_000n, 300_000n, 180_000n, 120_000n])
    take(collectOwner(accounts, vertices, 2n))
    take(collectContributor(accounts, vertices, 1n, 0))
    expect(amounts.slice(-2)).toEqual([0n, 0n])
  })

  test('splitSale says the same in one call', () => {
    expect(splitSale(vertices, 2n, 10_000_000n)).toEqual({
      shares: [
        { version: 2n, role: 'owner', amount: 8_900_000n },
        { version: 1n, role: 'owner', amount: 400_000n },
        { version: 1n, role: 'contributor', account: addressAt(3), start: 0n, amount: 300_000n },
        { version: 1n, role: 'contributor', account: addressAt(4), start: 4_000n, amount: 180_000n },
        { version: 1n, role: 'contributor', account: addressAt(5), start: 6_400n, amount: 120_000n },
        { version: 0n, role: 'treasury', amount: 100_000n },
      ],
      dust: 0n,
    })
  })

  test('a fine-tune owes the dataset 10 % and the model 5 %, whoever stands in between', () => {
    const edges = [
      { ancestor: 1n, bps: 1_000 },
      { ancestor: 2n, bps: 500 },
    ]
    const fineTune: LedgerVertex = { version: 3n, feeBps: 100, contributorBps: 0, edges, contributors: [] }
    const { shares, dust } = splitSale(verticesOf(dataset, model, fineTune), 3n, 10_000_000n)
    const amountOf = (version: bigint) =>
      shares.filter((share) => share.version === version).reduce((sum, { amount }) => sum + amount, 0n)
    expect([3n, 2n, 1n, 0n].map(amountOf)).toEqual([8_400_000n, 500_000n, 1_000_000n, 100_000n])
    expect(dust).toBe(0n)
  })

  test('one unit goes to nobody, seven units leave dust, nothing costs nothing', () => {
    expect(splitSale(vertices, 2n, 1n).dust).toBe(1n)
    const { shares, dust } = splitSale(vertices, 1n, 7n)
    expect(shares.map(({ amount }) => amount)).toEqual([2n, 1n, 0n, 0n, 0n])
    expect(dust).toBe(4n)
    expect(splitSale(vertices, 2n, 0n)).toMatchObject({ dust: 0n, shares: { length: 6 } })
  })
})

test('a sale with ten thousand contributors is split at once', () => {
  const contributors = Array.from({ length: 10_000 }, (_, i) => ({ account: addressAt(3), weight: BigInt(i + 1) }))
  const started = performance.now()
  const { shares, dust } = splitSale(verticesOf({ ...dataset, contributors }), 1n, 10n ** 12n)
  expect(performance.now() - started).toBeLessThan(1_000)
  expect(shares.at(-2)).toMatchObject({ start: 49_995_000n, amount: (594_000_000_000n * 10_000n) / 50_005_000n })
  expect(shares.reduce((sum, share) => sum + share.amount, dust)).toBe(10n ** 12n)
})

test('what is not there is refused', () => {
  const vertices = verticesOf(dataset, model)
  const missing = expect.objectContaining({ code: 'not_found' })
  expect(() => splitSale(vertices, 9n, 1n)).toThrow(missing)
  expect(() => splitSale(verticesOf(model), 2n, 1n)).toThrow(missing)
  expect(() => pull(new Map(), vertices, 2n, 1)).toThrow(missing)
  expect(() => pull(new Map(), vertices, 2n, 15)).toThrow(missing)
  expect(() => collectContributor(new Map(), vertices, 2n, 0)).toThrow(missing)
  expect(() => collectOwner(new Map(), vertices, 9n)).toThrow(missing)
  for (const amount of [0n, -1n])
    expect(() => pay(new Map(), 2n, amount)).toThrow(expect.objectContaining({ field: 'amount' }))
})

/** Random graphs as the registry allows them: parents are older, royalties together at most 50 %, fee at most 5 %. */
const graph: fc.Arbitrary<Vertices> = fc
  .array(
    fc.record({
      feeBps: fc.integer({ min: 0, max: 500 }),
      contributorBps: fc.integer({ min: 0, max: 10_000 }),
      weights: fc.array(fc.bigInt({ min: 1n, max: 10_000n }), { maxLength: 5 }),
      parents: fc.uniqueArray(fc.nat(20), { maxLength: 4 }),
      rates: fc.array(fc.integer({ min: 0, max: 1_250 }), { minLength: 4, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 7 },
  )
  .map((list) =>
    verticesOf(
      ...list.map(({ feeBps, contributorBps, weights, parents, rates }, index): LedgerVertex => {
        const ancestors = [...new Set(index === 0 ? [] : parents.map((parent) => (parent % index) + 1))].sort(
          (a, b) => a - b,
        )
        return {
          version: BigInt(index + 1),
          feeBps,
          contributorBps: weights.length === 0 ? 0 : contributorBps,
          edges: ancestors.map((ancestor, edge) => ({ ancestor: BigInt(ancestor), bps: rates[edge] ?? 0 })),
          contributors: weights.map((weight, i) => ({ account: numberToHex(i + 1, { size: 20 }), weight })),
        }
      }),
    ),
  )

type Step = { call: 'pay' | 'pull' | 'pullAll' | 'owner' | 'contributor'; at: number; index: number; amount: bigint }
const step: fc.Arbitrary<Step> = fc.record({
  call: fc.constantFrom('pay', 'pay', 'pull', 'pull', 'pullAll', 'owner', 'contributor'),
  at: fc.nat(20),
  index: fc.nat(20),
  amount: fc.oneof(fc.bigInt({ min: 1n, max: 20n }), fc.bigInt({ min: 1n, max: 10n ** 9n })),
})

/** One call on a graph, chosen by the step's numbers. Pays more than it returns what left the ledger. */
function take(
  accounts: Accounts,
  vertices: Vertices,
  { call, at, index, amount }: Step,
): { accounts: Accounts; amount: bigint } {
  const version = BigInt((at % vertices.size) + 1)
  const vertex = vertexOf(vertices, version)
  const edge = index % (vertex.edges.length + 1)
  if (call === 'pay') return { accounts: pay(accounts, version, amount), amount: 0n }
  if (call === 'pull')
    return { accounts: pull(accounts, vertices, version, edge < vertex.edges.length ? edge : feeIndex), amount: 0n }
  if (call === 'pullAll') return { accounts: pullAll(accounts, vertices), amount: 0n }
  if (call === 'owner') return collectOwner(accounts, vertices, at % 3 === 0 ? treasuryVersion : version)
  if (vertex.contributors.length === 0) return { accounts, amount: 0n }
  return collectContributor(accounts, vertices, version, index % vertex.contributors.length)
}

const everyVersion = (vertices: Vertices): bigint[] => [treasuryVersion, ...vertices.keys()]

/** Pulls everything and pays everyone. */
function finish(accounts: Accounts, vertices: Vertices): { accounts: Accounts; amount: bigint } {
  let paid = 0n
  let state = pullAll(accounts, vertices)
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
    const contributors = vertex.contributors.map(
      (_, i) => [`${version}/${i}`, contributorEntitled(account, vertex, i)] as const,
    )
    return [[`${version}`, ownerEntitled(account, vertex)] as const, ...contributors]
  })
  return Object.fromEntries(entries)
}

const dustMax = (vertices: Vertices): bigint =>
  [...vertices.values()].reduce(
    (sum, { edges, contributors }) => sum + 1n + BigInt(edges.length + contributors.length),
    0n,
  )

describe('on random graphs', () => {
  const history = fc.tuple(graph, fc.array(step, { maxLength: 60 }))

  test('nothing is negative, no more goes out than came in, and all of it goes out at the end but the dust', () => {
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
          for (const { version, edges } of vertices.values())
            for (const index of [...edges.keys(), feeIndex])
              expect(pullable(accounts, vertices, version, index)).toBeGreaterThanOrEqual(0n)
        }
        const end = finish(accounts, vertices)
        const dust = paidIn - paidOut - end.amount
        expect(dust).toBeGreaterThanOrEqual(0n)
        expect(dust).toBeLessThanOrEqual(dustMax(vertices))
        expect(finish(end.accounts, vertices).amount).toBe(0n)
      }),
      { numRuns: 1_000 },
    )
  })

  test('each version keeps at most 1 + edges + contributors units for ever', () => {
    fc.assert(
      fc.property(history, ([vertices, steps]) => {
        let accounts: Accounts = new Map()
        for (const next of steps) accounts = take(accounts, vertices, next).accounts
        accounts = finish(accounts, vertices).accounts
        for (const { version, edges, contributors } of vertices.values()) {
          const account = accountOf(accounts, version)
          const out = [account.ownerCollected, ...account.pulled.values(), ...account.contributionsCollected.values()]
          const dust = account.sales + account.royalties - out.reduce((sum, amount) => sum + amount, 0n)
          expect(dust).toBeGreaterThanOrEqual(0n)
          expect(dust).toBeLessThanOrEqual(1n + BigInt(edges.length + contributors.length))
        }
      }),
      { numRuns: 500 },
    )
  })

  test('every order of calls gives the same totals', () => {
    const shuffled = history.chain(([vertices, steps]) =>
      fc.tuple(fc.constant(vertices), fc.constant(steps), fc.shuffledSubarray(steps, { minLength: steps.length })),
    )
    fc.assert(
      fc.property(shuffled, ([vertices, one, other]) => {
        const totals = [one, other].map((steps) => {
          let accounts: Accounts = new Map()
          for (const next of steps) accounts = take(accounts, vertices, next).accounts
          accounts = finish(accounts, vertices).accounts
          return {
            entitled: entitlements(accounts, vertices),
            accounts: everyVersion(vertices).map((id) => sorted(accountOf(accounts, id))),
          }
        })
        expect(totals[0]).toEqual(totals[1])
      }),
      { numRuns: 500 },
    )
  })

  test('nobody gets more than the exact share, nor less than it by a unit a term', () => {
    fc.assert(
      fc.property(history, ([vertices, steps]) => {
        let accounts: Accounts = new Map()
        for (const next of steps) accounts = take(accounts, vertices, next).accounts
        accounts = pullAll(accounts, vertices)
        const salesOf = (version: bigint) => accountOf(accounts, version).sales
        for (const version of everyVersion(vertices)) {
          const [account, vertex] = [accountOf(accounts, version), vertexOf(vertices, version)]
          // Ten thousand times the exact residue: own sales less what is owed, and each descendant's sales by its rate.
          const owed = vertex.edges.reduce((sum, { bps }) => sum + bps, vertex.feeBps)
          const incoming = [...vertices.values()].flatMap((descendant) =>
            version === treasuryVersion
              ? [salesOf(descendant.version) * BigInt(descendant.feeBps)]
              : descendant.edges
                  .filter((edge) => edge.ancestor === version)
                  .map((edge) => salesOf(descendant.version) * BigInt(edge.bps)),
          )
          const exact = incoming.reduce((sum, part) => sum + part, salesOf(version) * BigInt(10_000 - owed))
          const terms = BigInt(incoming.length + 1)
          // share · denominator stands between (exact − terms) and exact, both times the party's numerator.
          const holds = (share: bigint, numerator: bigint, denominator: bigint, floors: bigint) => {
            expect(share * denominator).toBeLessThanOrEqual(exact * numerator)
            expect((share + floors) * denominator).toBeGreaterThan(exact * numerator)
          }
          holds(ownerEntitled(account, vertex), BigInt(10_000 - vertex.contributorBps), 100_000_000n, terms + 1n)
          const weightSum = vertex.contributors.reduce((sum, { weight }) => sum + weight, 0n)
          for (const [index, { weight }] of vertex.contributors.entries())
            holds(
              contributorEntitled(account, vertex, index),
              BigInt(vertex.contributorBps) * weight,
              100_000_000n * weightSum,
              terms + 2n,
            )
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
        const accounts = amount === 0n ? new Map() : pullAll(pay(new Map(), version, amount), vertices)
        const ledger = entitlements(accounts, vertices)
        for (const share of shares) {
          const contributors = vertexOf(vertices, share.version).contributors
          const index = contributors.findIndex(
            (_, i) => contributorStart(vertexOf(vertices, share.version), i) === share.start,
          )
          expect(share.amount).toBe(
            ledger[share.role === 'contributor' ? `${share.version}/${index}` : `${share.version}`],
          )
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** Maps compare by insertion order nowhere but here: sorted, so that only their contents count. */
function sorted(account: ReturnType<typeof accountOf>) {
  const entriesOf = <key extends bigint | number>(map: ReadonlyMap<key, bigint>) =>
    [...map].filter(([, amount]) => amount !== 0n).sort(([a], [b]) => Number(a) - Number(b))
  return {
    ...account,
    pulled: entriesOf(account.pulled),
    contributionsCollected: entriesOf(account.contributionsCollected),
  }
}
