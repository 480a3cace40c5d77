import type { Hex } from 'viem'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { loadKeccak } from './keccak.js'
import { createMerkleFrontier, nodePrefix, type SubtreeFrontier } from './merkle.js'
import { createLeafHasher, createSalts } from './rowHashes.js'
import type { RowTree } from './rows.js'

/**
 * A run of rows by the roots of the largest subtrees that it fills, in order. It stands for rows whose salts are gone: the
 * rows around them can still be proven, and of those inside it says nothing.
 */
export type RowCover = readonly { height: number; root: Hex }[]

/** Proves one row while all rows pass by, in memory that does not grow with them. */
export type RowProver = Pick<RowTree, 'add' | 'reseed' | 'rows'> & {
  /** Passes over rows that are known by their cover only. */
  addCover(cover: RowCover): void
  /** Once all rows were added: the row's salt and the siblings on its way to the root. */
  result(): { salt: Hex; proof: Hex[] }
}

/**
 * Starts the proof of row number `index` in the tree that `createRowTree` builds. Every other row lies in exactly one of
 * the subtrees beside the row's way to the root, so one frontier for each of them is all that is kept.
 *
 * @param saltSeed Of the first partition.
 */
export async function createRowProver(index: number, saltSeed: Uint8Array): Promise<RowProver> {
  const keccak = await loadKeccak()
  const salts = createSalts(keccak, saltSeed)
  const leafOf = createLeafHasher(keccak)
  const siblings = new Map<number, SubtreeFrontier>()
  let rows = 0
  let own: Uint8Array | undefined
  function siblingAt(row: number): SubtreeFrontier {
    const height = 31 - Math.clz32(row ^ index)
    const known = siblings.get(height) ?? createMerkleFrontier(keccak)
    siblings.set(height, known)
    return known
  }
  return {
    add(row) {
      const salt = salts.next(rows)
      if (rows === index) own = salt
      else siblingAt(rows).add(leafOf(rows, salt, row))
      rows++
    },
    addCover(cover) {
      for (const { height, root } of cover) {
        if (index >= rows && index < rows + 2 ** height) throw new RangeError(`Row ${index} is covered.`)
        siblingAt(rows).addSubtree(hexToBytes(root), height)
        rows += 2 ** height
      }
    },
    reseed: (seed) => salts.reseed(rows, seed),
    get rows() {
      return rows
    },
    result() {
      if (own === undefined) throw new RangeError(`There is no row ${index}.`)
      const heights = [...siblings.keys()].sort((a, b) => a - b)
      const proof = heights.map((height) => bytesToHex(siblings.get(height)?.root() ?? new Uint8Array(32)))
      return { salt: bytesToHex(own), proof }
    },
  }
}

/**
 * Starts the cover of a run of rows.
 *
 * @param from Number of its first row.
 * @param saltSeed Of the partition that it is.
 */
export async function createRowCover(
  from: number,
  saltSeed: Uint8Array,
): Promise<{ add(row: Uint8Array): void; cover(): RowCover }> {
  const keccak = await loadKeccak()
  const salts = createSalts(keccak, saltSeed)
  const leafOf = createLeafHasher(keccak)
  const nodes: { start: number; height: number; hash: Uint8Array }[] = []
  let next = from
  return {
    add(row) {
      let node = { start: next, height: 0, hash: leafOf(next, salts.next(next), row) }
      next++
      for (let left = nodes.at(-1); left?.height === node.height; left = nodes.at(-1)) {
        if (left.start % 2 ** (left.height + 1) !== 0) break
        nodes.pop()
        node = { start: left.start, height: left.height + 1, hash: keccak(nodePrefix, left.hash, node.hash) }
      }
      nodes.push(node)
    },
    cover: () => nodes.map(({ height, hash }) => ({ height, root: bytesToHex(hash) })),
  }
}
