import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Address, Hex } from 'viem'
import { bytesToHex, concatBytes, hexToBytes, numberToBytes, numberToHex } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'

/**
 * Who is credited inside a version: a Merkle sum tree. A node is one word, 192 bits of hash above a 64-bit sum of the
 * weights below it, and hashing binds both children's sums. A leaf's interval of weight therefore follows from its proof,
 * and two leaves of one root cannot overlap.
 *
 *     leaf = keccak256(0x00 ‖ account ‖ weight as 8 bytes), its low 64 bits replaced by the weight
 *     node = keccak256(0x01 ‖ left ‖ right), its low 64 bits replaced by the sum of both
 *
 * The last node of an odd level rises unchanged.
 */
export type ContributorLeaf = { account: Address; weight: bigint }

/** Proof that `account` holds the weight interval [`start`, `start + weight`). */
export type Contribution = ContributorLeaf & {
  start: bigint
  /** Bit i is 1 when the node at the proof's step i is a right child. */
  path: bigint
  /** Siblings, leaf first. */
  proof: readonly Hex[]
}

const weightMax = 2n ** 64n - 1n
const proofLengthMax = 64

/**
 * Builds the tree and the proof of each leaf, in the order given.
 *
 * @returns `root` is zero when there are no leaves.
 * @throws AgoraiError `manifest_invalid` when a weight is not positive or the sum does not fit in 64 bits.
 */
export function createContributorTree(leaves: readonly ContributorLeaf[]): {
  root: Hex
  weightSum: bigint
  contributions: readonly Contribution[]
} {
  if (leaves.length === 0) return { root: `0x${'0'.repeat(64)}`, weightSum: 0n, contributions: [] }
  const levels = [leaves.map(leafWord)]
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) {
    const parents: bigint[] = []
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]]
      if (left !== undefined) parents.push(right === undefined ? left : nodeWord(left, right))
    }
    level = parents
  }
  const root = levels.at(-1)?.[0] ?? 0n
  let start = 0n
  const contributions = leaves.map((leaf, index) => {
    const contribution = { ...leaf, start, ...proofOf(levels, index) }
    start += leaf.weight
    return contribution
  })
  return { root: wordToHex(root), weightSum: start, contributions }
}

/**
 * Folds a contribution's proof as the ledger does.
 *
 * @param contribution Its `start`, if it has one, is not read: the proof says where the interval is.
 * @returns Where the contribution's interval of weight starts, or undefined when it is not of this root.
 */
export function verifyContribution(root: Hex, contribution: Omit<Contribution, 'start'>): bigint | undefined {
  const { account, weight, path, proof } = contribution
  if (weight <= 0n || weight > weightMax || proof.length > proofLengthMax || path >> BigInt(proof.length) !== 0n)
    return undefined
  let word = leafWord({ account, weight })
  let start = 0n
  for (const [step, hex] of proof.entries()) {
    const sibling = BigInt(hex)
    if (weightOf(word) + weightOf(sibling) > weightMax) return undefined
    const isRight = (path >> BigInt(step)) & 1n
    if (isRight) start += weightOf(sibling)
    word = isRight ? nodeWord(sibling, word) : nodeWord(word, sibling)
  }
  return word === BigInt(root) ? start : undefined
}

/** The account that stands for a member version in a collection's tree. */
export const memberAccountOf = (version: bigint): Address => numberToHex(version, { size: 20 })

function proofOf(levels: readonly (readonly bigint[])[], leaf: number): { path: bigint; proof: Hex[] } {
  let path = 0n
  const proof: Hex[] = []
  let index = leaf
  for (const level of levels) {
    const sibling = level[index ^ 1]
    if (sibling !== undefined) {
      path |= BigInt(index & 1) << BigInt(proof.length)
      proof.push(wordToHex(sibling))
    }
    index >>= 1
  }
  return { path, proof }
}

function leafWord({ account, weight }: ContributorLeaf): bigint {
  if (weight <= 0n)
    throw new AgoraiError('manifest_invalid', 'A weight is at least 1.', { field: 'contributors.leaves' })
  return withWeight(
    concatBytes([Uint8Array.of(0), hexToBytes(account), numberToBytes(checked(weight), { size: 8 })]),
    weight,
  )
}

const nodeWord = (left: bigint, right: bigint): bigint =>
  withWeight(
    concatBytes([Uint8Array.of(1), numberToBytes(left, { size: 32 }), numberToBytes(right, { size: 32 })]),
    checked(weightOf(left) + weightOf(right)),
  )

const withWeight = (preimage: Uint8Array, weight: bigint): bigint =>
  (BigInt(bytesToHex(keccak_256(preimage))) & ~weightMax) | weight

const weightOf = (word: bigint): bigint => word & weightMax

const wordToHex = (word: bigint): Hex => `0x${word.toString(16).padStart(64, '0')}`

function checked(weight: bigint): bigint {
  if (weight <= weightMax) return weight
  throw new AgoraiError('manifest_invalid', 'The weights together are at most 2^64 - 1.', {
    field: 'contributors.leaves',
  })
}
