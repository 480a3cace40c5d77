import type { Address } from 'viem'
import { describe, expect, test } from 'vitest'
import { devAccounts } from '../chain/devAccounts.js'
import {
  type Accounts,
  accountOf,
  collectContributor,
  collectOwner,
  duesOf,
  type LedgerVertex,
  liensMax,
  membersEntitled,
  movedOf,
  ownerEntitled,
  pay,
  pull,
  pullAll,
  pullable,
  setLien,
  settleAll,
  totalMax,
  treasuryVersion,
  type Vertices,
} from './ledger.js'
import { splitSale } from './splitSale.js'

const addressAt = (index: number): Address => devAccounts[index]?.address ?? '0x'
const verticesOf = (...list: LedgerVertex[]): Vertices => new Map(list.map((vertex) => [vertex.version, vertex]))
const vertexAt = (version: bigint, rest: Partial<LedgerVertex> = {}): LedgerVertex => ({
  version,
  feeBps: 100,
  contributorBps: 0,
  edges: [],
  supplies: [],
  contributors: [],
  members: [],
  ...rest,
})

/** The worked example of the design: a model built from a dataset whose terms ask 10 %, sold at 10 tUSD with a fee of 1 %. */
const dataset = vertexAt(1n, {
  contributorBps: 6_000,
  contributors: [
    { account: addressAt(3), weight: 4_000n },
    { account: addressAt(4), weight: 2_400n },
    { account: addressAt(5), weight: 1_600n },
  ],
})
const model = vertexAt(2n, { edges: [{ ancestor: 1n, bps: 1_000 }] })

describe('the worked example', () => {
  const vertices = verticesOf(dataset, model)

  test('one sale, pulled and collected step by step', () => {
    let accounts = pay(new Map(), 2n, 10_000_000n)
    expect(pullable(accounts, vertices, 2n)).toBe(1_100_000n)
    expect(duesOf(accountOf(accounts, 2n), model)).toEqual([
      { kind: 'royalty', to: 1n, amount: 1_000_000n },
      { kind: 'fee', to: 0n, amount: 100_000n },
    ])
    accounts = pull(accounts, vertices, 2n)
    expect(pullable(accounts, vertices, 2n)).toBe(0n)
    expect(movedOf(accountOf(accounts, 2n), model)).toBe(1_100_000n)
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
    const { shares, dust } = splitSale(verticesOf(dataset, model, vertexAt(3n, { edges })), 3n, 10_000_000n)
    expect([3n, 2n, 1n, 0n].map((version) => partOf(shares, version))).toEqual([
      8_400_000n,
      500_000n,
      1_000_000n,
      100_000n,
    ])
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

test('a pull that moves nothing leaves no mark, as in the contract', () => {
  const vertices = verticesOf(dataset, model)
  const accounts = pull(pay(new Map(), 2n, 9n), vertices, 2n)
  expect(accountOf(accounts, 2n)).toMatchObject({ sales: 9n, pulledSales: 0n })
  const moved = pull(pay(accounts, 2n, 1n), vertices, 2n)
  expect(accountOf(moved, 2n)).toMatchObject({ sales: 10n, pulledSales: 10n })
  expect(accountOf(moved, 1n).royalties).toBe(1n)
})

describe('what goes on beyond one hop', () => {
  test('a service pays its supplier as a sale, which owes its own royalties and the fee on its value added', () => {
    // The model serves at 60 %. The service's fee is ⌊100 · 40 %⌋ = 40, the model's 100 of the 6 it is paid: 1 % of 10.
    const service = vertexAt(3n, {
      feeBps: 40,
      supplies: [{ supplier: 2n, bps: 6_000 }],
      edges: [{ ancestor: 1n, bps: 1_000 }],
    })
    const vertices = verticesOf(dataset, model, service)
    const { shares, dust } = splitSale(vertices, 3n, 10_000_000n)
    expect([3n, 2n, 1n, 0n].map((version) => partOf(shares, version))).toEqual([
      2_960_000n,
      5_340_000n,
      1_000_000n + 600_000n,
      40_000n + 60_000n,
    ])
    expect(dust).toBe(0n)
    const accounts = pullAll(pay(new Map(), 3n, 10_000_000n), vertices)
    expect(accountOf(accounts, 2n)).toMatchObject({ sales: 6_000_000n, royalties: 0n, pulledSales: 6_000_000n })
  })

  test('a collection credits its members with royalties', () => {
    const collection = vertexAt(3n, {
      contributorBps: 9_000,
      members: [
        { version: 1n, weight: 3n },
        { version: 2n, weight: 1n },
      ],
    })
    const derived = vertexAt(4n, { edges: [{ ancestor: 3n, bps: 1_000 }] })
    const vertices = verticesOf(dataset, model, collection, derived)
    const { shares, dust } = splitSale(vertices, 4n, 10_000_000n)
    expect([4n, 3n, 1n, 2n, 0n].map((version) => partOf(shares, version))).toEqual([
      8_900_000n,
      100_000n,
      675_000n,
      225_000n,
      100_000n,
    ])
    expect(dust).toBe(0n)
    const pulled = pull(pay(new Map(), 4n, 10_000_000n), vertices, 4n)
    expect(membersEntitled(accountOf(pulled, 3n), collection)).toEqual([
      { member: 1n, start: 0n, amount: 675_000n },
      { member: 2n, start: 3n, amount: 225_000n },
    ])
    const credited = collectContributor(pulled, vertices, 3n, 1)
    expect(credited.amount).toBe(225_000n)
    expect(accountOf(credited.accounts, 2n).royalties).toBe(225_000n)
    expect(collectContributor(credited.accounts, vertices, 3n, 1).amount).toBe(0n)
  })

  test('liens take what is earned after them, each of what the ones before left, up to their caps', () => {
    const vertices = verticesOf(vertexAt(1n), vertexAt(2n), vertexAt(3n, { feeBps: 0 }))
    let accounts = pay(new Map(), 3n, 1_000n)
    accounts = setLien(accounts, vertices, 3n, { creditor: 1n, bps: 5_000, cap: 100n })
    accounts = setLien(accounts, vertices, 3n, { creditor: 2n, bps: 5_000, cap: 10_000n })
    expect(collectOwner(accounts, vertices, 3n)).toMatchObject({ amount: 1_000n, liens: [0n, 0n] })
    accounts = pay(accounts, 3n, 100n)
    const first = collectOwner(accounts, vertices, 3n)
    expect(first).toMatchObject({ amount: 1_025n, liens: [50n, 25n] })
    const second = collectOwner(pay(first.accounts, 3n, 200n), vertices, 3n)
    expect(second).toMatchObject({ amount: 75n, liens: [50n, 75n] })
    expect([1n, 2n].map((version) => accountOf(second.accounts, version).royalties)).toEqual([100n, 100n])
    expect(accountOf(second.accounts, 3n).liens).toEqual([
      { creditor: 1n, bps: 5_000, base: 1_000n, cap: 100n, moved: 100n },
      { creditor: 2n, bps: 5_000, base: 1_000n, cap: 10_000n, moved: 100n },
    ])
  })

  test('versions that owe one another everything settle in a bounded number of rounds', () => {
    const vertices = verticesOf(vertexAt(1n, { feeBps: 0 }), vertexAt(2n, { feeBps: 0 }))
    let accounts = setLien(new Map(), vertices, 1n, { creditor: 2n, bps: 10_000, cap: 10n ** 30n })
    accounts = setLien(accounts, vertices, 2n, { creditor: 1n, bps: 10_000, cap: 10n ** 30n })
    accounts = settleAll(pay(accounts, 1n, 1_000n), vertices)
    const entitled = [1n, 2n].map((id) => ownerEntitled(accountOf(accounts, id), vertices.get(id) ?? vertexAt(id)))
    expect(entitled[0] ?? 0n).toBeLessThanOrEqual(1_000n)
    expect(entitled[1] ?? 0n).toBeLessThanOrEqual(1_000n)
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

test('a sale through a lattice of suppliers visits each once: paths are a billion', () => {
  const layer = (at: number, below: readonly bigint[]) =>
    [0, 1, 2, 3].map((place) =>
      vertexAt(BigInt(at * 4 + place + 1), { supplies: below.map((supplier) => ({ supplier, bps: 2_000 })) }),
    )
  const graph: LedgerVertex[] = []
  let below: readonly bigint[] = []
  for (let at = 0; at < 16; at++) {
    const added = layer(at, below)
    graph.push(...added)
    below = added.map(({ version }) => version)
  }
  const { shares, dust } = splitSale(verticesOf(...graph), 64n, 10n ** 12n)
  expect(shares).toHaveLength(62)
  expect(shares.reduce((sum, share) => sum + share.amount, dust)).toBe(10n ** 12n)
})

describe('what is not there or out of range is refused', () => {
  const vertices = verticesOf(dataset, model)
  const missing = expect.objectContaining({ code: 'not_found' })

  test('versions and contributors', () => {
    expect(() => splitSale(vertices, 9n, 1n)).toThrow(missing)
    expect(() => splitSale(verticesOf(model), 2n, 1n)).toThrow(missing)
    expect(() => pull(new Map(), vertices, 9n)).toThrow(missing)
    expect(() => collectContributor(new Map(), vertices, 2n, 0)).toThrow(missing)
    expect(() => collectOwner(new Map(), vertices, 9n)).toThrow(missing)
  })

  test('amounts', () => {
    for (const amount of [0n, -1n])
      expect(() => pay(new Map(), 2n, amount)).toThrow(
        expect.objectContaining({ code: 'amount_zero', field: 'amount' }),
      )
    const full = pay(new Map(), 2n, totalMax)
    expect(accountOf(full, 2n).sales).toBe(totalMax)
    expect(() => pay(full, 2n, 1n)).toThrow(expect.objectContaining({ code: 'amount_too_large' }))
  })

  test.each([
    [2n, { creditor: 2n, bps: 1, cap: 1n }],
    [2n, { creditor: 9n, bps: 1, cap: 1n }],
    [2n, { creditor: 0n, bps: 1, cap: 1n }],
    [0n, { creditor: 1n, bps: 1, cap: 1n }],
    [2n, { creditor: 1n, bps: 0, cap: 1n }],
    [2n, { creditor: 1n, bps: 10_001, cap: 1n }],
    [2n, { creditor: 1n, bps: 1, cap: 0n }],
    [2n, { creditor: 1n, bps: 1, cap: 2n ** 128n }],
  ])('the lien of %s to %o', (version, lien) => {
    expect(() => setLien(new Map(), vertices, version, lien)).toThrow(expect.objectContaining({ code: 'lien_invalid' }))
  })

  test('a fifth lien', () => {
    const lien = { creditor: 1n, bps: 1, cap: 1n }
    let accounts: Accounts = new Map()
    for (let i = 0; i < liensMax; i++) accounts = setLien(accounts, vertices, 2n, lien)
    expect(() => setLien(accounts, vertices, 2n, lien)).toThrow(expect.objectContaining({ code: 'liens_too_many' }))
  })
})

/** A vertex's parts of a split, in the one version. */
function partOf(shares: readonly { version: bigint; amount: bigint }[], version: bigint): bigint {
  return shares.filter((share) => share.version === version).reduce((sum, { amount }) => sum + amount, 0n)
}
