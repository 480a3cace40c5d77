import type { Address } from 'viem'
import { expect, test } from 'vitest'
import { handOn, nothingHandedOn, readHandedOn } from './handedOn.js'
import type { VersionPayment } from './settlementChain.js'

const token: Address = `0x${'11'.repeat(20)}`
type Paid = VersionPayment & { block: bigint }

/** A chain with these payments, which tells what it was asked for. */
function chainOf(paid: readonly Paid[]) {
  const asked: [from: bigint, to: bigint][] = []
  const { history, amount: distributed } = handOn(nothingHandedOn, paid, 0n)
  return {
    asked,
    at: (block: bigint) => ({ block, history, distributed }),
    async payments(_: Address, from: bigint, to: bigint) {
      asked.push([from, to])
      return paid.filter(({ block }) => block >= from && block <= to)
    },
  }
}

const paid: Paid[] = [
  { block: 70_001n, version: 1n, amount: 60n },
  { block: 70_001n, version: 2n, amount: 40n },
  { block: 95_000n, version: 1n, amount: 5n },
]

test('reads back to the first payment and no further, in ranges that endpoints answer', async () => {
  const chain = chainOf(paid)
  const found = await readHandedOn(chain, token, chain.at(100_000n))
  expect(found.totals).toEqual(
    new Map([
      [1n, 65n],
      [2n, 40n],
    ]),
  )
  expect(chain.asked).toEqual([
    [90_001n, 100_000n],
    [80_001n, 90_000n],
    [70_001n, 80_000n],
  ])
})

test('asks for nothing that it has, and for nothing where there is nothing', async () => {
  const fresh = chainOf([])
  expect(await readHandedOn(fresh, token, fresh.at(9n))).toEqual(nothingHandedOn)
  expect(fresh.asked).toEqual([])

  const before = chainOf(paid.slice(0, 2))
  const known = await readHandedOn(before, token, before.at(94_990n))
  const chain = chainOf(paid)
  const found = await readHandedOn(chain, token, chain.at(95_010n), known)
  expect(found.totals.get(1n)).toBe(65n)
  expect(chain.asked).toEqual([[94_991n, 95_010n]])
  expect(await readHandedOn(chain, token, chain.at(95_020n), found)).toBe(found)
})

test('reads all again when the chain went back to where it paid otherwise', async () => {
  const before = chainOf(paid)
  const known = await readHandedOn(before, token, before.at(95_000n))
  // The same sums in the same blocks, to another version, and one more.
  const other = chainOf([
    ...paid.map((payment) => ({ ...payment, version: 3n })),
    { ...paid[2], block: 95_001n } as Paid,
  ])
  const found = await readHandedOn(other, token, other.at(95_001n), known)
  expect(found.totals).toEqual(
    new Map([
      [3n, 105n],
      [1n, 5n],
    ]),
  )
  const none = chainOf([])
  expect(await readHandedOn(none, token, none.at(95_002n), known)).toMatchObject({ amount: 0n, totals: new Map() })
})

test('believes no endpoint that leaves out an event, or tells another', async () => {
  const chain = chainOf(paid)
  for (const told of [paid.slice(1), [...paid.slice(0, 2), { ...paid[2], version: 2n } as Paid]]) {
    const { payments } = chainOf(told)
    await expect(readHandedOn({ payments }, token, chain.at(100_000n))).rejects.toMatchObject({
      code: 'chain_unavailable',
    })
  }
})
