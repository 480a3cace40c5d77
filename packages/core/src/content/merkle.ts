import type { Keccak } from './keccak.js'

const hashBytes = 32

/** A Merkle tree over 32-byte leaf hashes. All levels lie in flat buffers: 64 bytes a leaf, whatever its row holds. */
export type MerkleTree = {
  add(leaf: Uint8Array): void
  readonly leaves: number
  /** keccak256(0x00) while there are no leaves. */
  root(): Uint8Array
  /** Siblings of a leaf, leaf first; a level in which the leaf's node rose alone has none. */
  proof(index: number): Uint8Array[]
}

/** node = keccak256(0x01 ‖ left ‖ right); the last node of an odd level rises unchanged. */
export function createMerkleTree(keccak: Keccak): MerkleTree {
  let buffer = new Uint8Array(1024 * hashBytes)
  let leaves = 0
  let levels: Uint8Array[] | undefined

  const build = (): Uint8Array[] => {
    levels ??= buildLevels(keccak, buffer.subarray(0, leaves * hashBytes))
    return levels
  }
  return {
    add(leaf) {
      if ((leaves + 1) * hashBytes > buffer.length) {
        const larger = new Uint8Array(buffer.length * 2)
        larger.set(buffer)
        buffer = larger
      }
      buffer.set(leaf, leaves * hashBytes)
      leaves++
      levels = undefined
    },
    get leaves() {
      return leaves
    },
    root() {
      return leaves === 0 ? keccak(Uint8Array.of(0)) : (build().at(-1)?.slice() ?? new Uint8Array(hashBytes))
    },
    proof(index) {
      if (!Number.isInteger(index) || index < 0 || index >= leaves) throw new RangeError(`There is no leaf ${index}.`)
      const proof: Uint8Array[] = []
      let node = index
      for (const level of build()) {
        const sibling = level.slice((node ^ 1) * hashBytes, ((node ^ 1) + 1) * hashBytes)
        if (sibling.length > 0) proof.push(sibling)
        node >>= 1
      }
      return proof
    },
  }
}

/** The root of the same tree without its proofs: one hash a level is kept, however many leaves there are. */
export type MerkleFrontier = Pick<MerkleTree, 'add' | 'leaves' | 'root'>

/** A frontier that takes whole subtrees, too. */
export type SubtreeFrontier = MerkleFrontier & {
  /** Adds a full subtree of 2^`height` leaves by its root. The leaves so far must be a multiple of as many. */
  addSubtree(root: Uint8Array, height: number): void
}

/**
 * Starts a frontier.
 *
 * @param onPair Told of each two nodes that are joined, lower pairs of a leaf before higher ones, with the leaves that the
 * left one begins at and the right one begins and ends at. `root` joins what stands alone and tells of it each time.
 */
export function createMerkleFrontier(
  keccak: Keccak,
  onPair?: (pair: { left: Uint8Array; right: Uint8Array; from: number; middle: number; to: number }) => void,
): SubtreeFrontier {
  /** Roots of the full subtrees so far, largest first: one for each bit that is set in the number of leaves. */
  const peaks: Uint8Array[] = []
  let leaves = 0
  function addSubtree(subtree: Uint8Array, height: number): void {
    const size = 2 ** height
    if (leaves % size !== 0) throw new RangeError(`A subtree of ${size} leaves cannot begin at ${leaves}.`)
    let node: Uint8Array = subtree.slice()
    let width = size
    let from = leaves
    for (let full = leaves / size; full % 2 === 1; full = Math.floor(full / 2)) {
      const left = peaks.pop()
      if (left === undefined) break
      onPair?.({ left, right: node, from: from - width, middle: from, to: from + width })
      node = keccak(nodePrefix, left, node)
      from -= width
      width *= 2
    }
    peaks.push(node)
    leaves += size
  }
  return {
    add: (leaf) => addSubtree(leaf, 0),
    addSubtree,
    get leaves() {
      return leaves
    },
    root() {
      if (peaks.length === 0) return keccak(Uint8Array.of(0))
      let middle = leaves - lowestBit(leaves)
      // What stands alone rises until it meets the next larger subtree.
      const root = peaks.reduceRight((right, left) => {
        const from = middle - lowestBit(middle)
        onPair?.({ left, right, from, middle, to: leaves })
        middle = from
        return keccak(nodePrefix, left, right)
      })
      return root.slice()
    },
  }
}

/** The largest power of two that divides a number: the leaves of the last full subtree among as many. */
function lowestBit(value: number): number {
  let bit = 1
  while (value > 0 && value % (bit * 2) === 0) bit *= 2
  return bit
}

/** The root that a leaf's proof leads to; undefined when the proof has another length than that place in the tree. */
export function foldProof(
  keccak: Keccak,
  leaf: Uint8Array,
  index: number,
  leaves: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  let node = leaf
  let position = index
  let used = 0
  for (let width = leaves; width > 1; width = Math.ceil(width / 2)) {
    const risesAlone = position % 2 === 0 && position === width - 1
    if (!risesAlone) {
      const sibling = proof[used++]
      if (sibling?.length !== hashBytes) return undefined
      node = position % 2 === 0 ? keccak(nodePrefix, node, sibling) : keccak(nodePrefix, sibling, node)
    }
    position = Math.floor(position / 2)
  }
  return used === proof.length ? node : undefined
}

/** What an inner node's preimage begins with. */
export const nodePrefix = Uint8Array.of(1)

/** All levels from the leaves to the root. */
function buildLevels(keccak: Keccak, leaves: Uint8Array): Uint8Array[] {
  const levels = [leaves]
  for (let level = leaves; level.length > hashBytes; ) {
    const paired = level.length - (level.length % (2 * hashBytes))
    const parents = new Uint8Array(Math.ceil(level.length / (2 * hashBytes)) * hashBytes)
    keccak.hashPairs(level.subarray(0, paired), parents)
    parents.set(level.subarray(paired), paired / 2)
    levels.push(parents)
    level = parents
  }
  return levels
}
