import fc from 'fast-check'
import type { Address, Hex } from 'viem'
import { concatHex, keccak256, numberToHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { type ContributorLeaf, createContributorTree, verifyContribution } from './contributors.js'

const weightMax = 2n ** 64n - 1n
const accountOf = (index: number): Address => numberToHex(BigInt(index) + 0xa000n, { size: 20 })
const leavesOf = (weights: readonly bigint[]): ContributorLeaf[] =>
  weights.map((weight, index) => ({ account: accountOf(index), weight }))

/** The tree as it is described, by recursion over words of [hash, sum]. */
function expectedRoot(leaves: readonly ContributorLeaf[]): { word: Hex; sum: bigint } {
  const word = (preimage: Hex, sum: bigint) => ({
    word: concatHex([`0x${keccak256(preimage).slice(2, 50)}`, numberToHex(sum, { size: 8 })]),
    sum,
  })
  const [first] = leaves
  if (leaves.length === 1 && first !== undefined)
    return word(concatHex(['0x00', first.account, numberToHex(first.weight, { size: 8 })]), first.weight)
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  const [left, right] = [expectedRoot(leaves.slice(0, half)), expectedRoot(leaves.slice(half))]
  return word(concatHex(['0x01', left.word, right.word]), left.sum + right.sum)
}

const weights = fc.array(fc.bigInt({ min: 1n, max: weightMax / 100n }), { minLength: 1, maxLength: 70 })

describe('the contributor tree', () => {
  test('has the root that is described, at every size from 1 to 70', () => {
    for (let size = 1; size <= 70; size++) {
      const leaves = leavesOf(Array.from({ length: size }, (_, i) => BigInt(i * i + 1)))
      const { root, weightSum } = createContributorTree(leaves)
      const expected = expectedRoot(leaves)
      expect(root).toBe(expected.word)
      expect(weightSum).toBe(expected.sum)
      expect(BigInt(root) & weightMax).toBe(weightSum)
    }
  })

  test('has a root of zero without leaves', () => {
    expect(createContributorTree([])).toEqual({ root: numberToHex(0, { size: 32 }), weightSum: 0n, contributions: [] })
  })

  test('proves each leaf, and the intervals meet without gap or overlap, at every size from 1 to 70', () => {
    for (let size = 1; size <= 70; size++) {
      const { root, weightSum, contributions } = createContributorTree(
        leavesOf(Array.from({ length: size }, (_, i) => BigInt((i * 7) % 13) + 1n)),
      )
      let next = 0n
      for (const contribution of contributions) {
        expect(verifyContribution(root, contribution)).toBe(next)
        expect(contribution.start).toBe(next)
        expect(contribution.proof.length).toBeLessThanOrEqual(7)
        next += contribution.weight
      }
      expect(next).toBe(weightSum)
    }
  })

  test('refuses weights of zero, below zero or together above 64 bits', () => {
    const refused = expect.objectContaining({ code: 'manifest_invalid', field: 'contributors.leaves' })
    for (const wrong of [[0n], [1n, -1n], [weightMax + 1n], [weightMax, 1n], [2n ** 63n, 1n, 2n ** 63n]])
      expect(() => createContributorTree(leavesOf(wrong))).toThrow(refused)
    const { root, contributions } = createContributorTree(leavesOf([weightMax - 1n, 1n]))
    expect(contributions.map((contribution) => verifyContribution(root, contribution))).toEqual([0n, weightMax - 1n])
  })
})

describe('a proof', () => {
  const tampered = fc.tuple(weights, fc.nat(), fc.bigInt({ min: 1n, max: weightMax }), fc.nat(), fc.nat(255))

  test('is refused with another weight, account, path, sibling or length', () => {
    fc.assert(
      fc.property(tampered, ([list, pick, other, place, byte]) => {
        const { root, contributions } = createContributorTree(leavesOf(list))
        const contribution = contributions[pick % contributions.length]
        if (contribution === undefined) throw new Error('never empty')
        const { weight, path, proof } = contribution
        const refuses = (change: Partial<typeof contribution>) =>
          expect(verifyContribution(root, { ...contribution, ...change })).toBeUndefined()
        if (other !== weight) refuses({ weight: other })
        refuses({ weight: weight + 1n })
        refuses({ weight: weight - 1n })
        refuses({ weight: -weight })
        refuses({ weight: weight + 2n ** 64n })
        refuses({ account: accountOf(9_999) })
        refuses({ proof: [...proof, numberToHex(other, { size: 32 })] })
        refuses({ path: path | (1n << BigInt(proof.length)) })
        refuses({ path: path | (1n << 200n) })
        for (const step of proof.keys()) refuses({ path: path ^ (1n << BigInt(step)) })
        if (proof.length === 0) return
        refuses({ proof: proof.slice(0, -1), path: path & ((1n << BigInt(proof.length - 1)) - 1n) })
        const step = place % proof.length
        const flipped = BigInt(proof[step] ?? 0) ^ (1n << BigInt(byte))
        refuses({ proof: proof.map((word, i) => (i === step ? numberToHex(flipped, { size: 32 }) : word)) })
      }),
      { numRuns: 300 },
    )
  })

  test('of whatever is in the tree never overlaps another: inner nodes are no leaves', () => {
    // An attacker who knows all nodes tries every node as sibling with every small path.
    const { root, contributions } = createContributorTree(leavesOf([3n, 1n, 4n, 1n, 5n]))
    const nodes = [...new Set(contributions.flatMap(({ proof }) => proof))]
    const accepted = new Set<string>()
    for (const { account, weight } of contributions)
      for (let length = 0; length <= 3; length++)
        for (let choice = 0; choice < nodes.length ** length; choice++)
          for (let path = 0n; path < 1n << BigInt(length); path++) {
            const proof = Array.from(
              { length },
              (_, i) => nodes[Math.floor(choice / nodes.length ** i) % nodes.length] ?? '0x',
            )
            const start = verifyContribution(root, { account, weight, path, proof })
            if (start !== undefined) accepted.add(`${account} ${start} ${weight}`)
          }
    expect([...accepted].sort()).toEqual(contributions.map((c) => `${c.account} ${c.start} ${c.weight}`).sort())
  })

  test('under a forged root still gives disjoint intervals', () => {
    // Whoever makes the root may choose any words; a sum that lies is bound by the hash above it, so each path still has
    // one interval, left of all that lie right of it.
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 192n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 40n })), {
          minLength: 1,
          maxLength: 6,
        }),
        (siblings) => {
          const account = accountOf(1)
          const words = siblings.map(([hash, sum]) => numberToHex((hash << 64n) | sum, { size: 32 }))
          const { root: leaf } = createContributorTree([{ account, weight: 5n }])
          // The same two leaves as left and as right child of one forged node.
          const [sibling] = words
          if (sibling === undefined) throw new Error('never empty')
          const parent = keccak256(concatHex(['0x01', leaf, sibling]))
          const sum = 5n + (BigInt(sibling) & weightMax)
          const root = concatHex([`0x${parent.slice(2, 50)}`, numberToHex(sum, { size: 8 })])
          expect(verifyContribution(root, { account, weight: 5n, path: 0n, proof: [sibling] })).toBe(0n)
          if (sibling !== leaf)
            expect(verifyContribution(root, { account, weight: 5n, path: 1n, proof: [sibling] })).toBeUndefined()
        },
      ),
    )
  })

  test('above 64 steps or above 64 bits of weight is refused', () => {
    const leaf = { account: accountOf(1), weight: 1n }
    const { root } = createContributorTree([leaf])
    const proof = (length: number, sum: bigint) => Array.from({ length }, () => numberToHex(sum, { size: 32 }))
    expect(verifyContribution(root, { ...leaf, path: 0n, proof: proof(65, 0n) })).toBeUndefined()
    expect(verifyContribution(root, { ...leaf, path: 0n, proof: proof(1, weightMax) })).toBeUndefined()
    expect(verifyContribution(root, { ...leaf, path: 0n, proof: [] })).toBe(0n)
  })
})
