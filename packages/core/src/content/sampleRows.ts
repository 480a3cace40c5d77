import { bytesToHex } from 'viem/utils'
import type { SampleRow } from '../assets/sample.js'
import { loadKeccak } from './keccak.js'
import { createMerkleFrontier } from './merkle.js'
import { createLeafHasher, createSalts } from './rowHashes.js'
import type { RowRoot } from './rows.js'

/** The root of all rows, and the wanted ones of them with their proofs. */
export type RowSampler = RowRoot & {
  /** The wanted rows that there are, in ascending order. Ends the sampling: no row is added after it. */
  sample(): SampleRow[]
}

type Kept = { index: number; row: Uint8Array; salt: Uint8Array; proof: Uint8Array[] }

/**
 * Starts the root that `createRowRoot` gives, and keeps the proofs of some rows while all of them pass by: memory grows
 * with the rows that are kept, not with those that pass.
 *
 * @param wanted Indices of the rows to keep.
 * @param saltSeed As `createRowRoot` takes it.
 */
export async function createRowSampler(wanted: readonly number[], saltSeed?: Uint8Array): Promise<RowSampler> {
  const keccak = await loadKeccak()
  const salts = createSalts(keccak, saltSeed)
  const leafOf = createLeafHasher(keccak)
  const indices = new Set(wanted)
  const kept: Kept[] = []
  const frontier = createMerkleFrontier(keccak, ({ left, right, from, middle, to }) => {
    for (const { index, proof } of kept)
      if (index >= from && index < to) proof.push((index < middle ? right : left).slice())
  })
  let root: Uint8Array | undefined
  const finish = () => (root ??= frontier.root())
  return {
    add(row) {
      const index = frontier.leaves
      const salt = salts.next(index)
      // Before its leaf is added: adding it is what joins the first pair.
      if (indices.has(index)) kept.push({ index, row: row.slice(), salt: salt.slice(), proof: [] })
      frontier.add(leafOf(index, salt, row))
    },
    reseed: (seed) => salts.reseed(frontier.leaves, seed),
    get rows() {
      return frontier.leaves
    },
    root: () => bytesToHex(finish()),
    sample() {
      finish()
      return kept.map(({ index, row, salt, proof }) => ({
        index,
        row: new TextDecoder().decode(row),
        salt: bytesToHex(salt),
        proof: proof.map((sibling) => bytesToHex(sibling)),
      }))
    },
  }
}
