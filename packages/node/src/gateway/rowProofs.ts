import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  AgoraiError,
  type ContentManifest,
  createRowProver,
  type KeptSecrets,
  type Partition,
  partitionsOf,
  type RowCover,
  type RowProof,
  verifyRow,
} from '@agorai/core'
import { type Address, type Hex, isAddressEqual, keccak256 } from 'viem'
import type { Storage } from '../ports/storage.js'
import { readPartition } from './readPartition.js'

/** Rows hashed before others get their turn. */
const rowsPerTurn = 4_096

/** A version as its operator keeps it. */
export type KeptVersion = {
  manifest: ContentManifest
  secrets: KeptSecrets
  /** Of partitions whose keys are destroyed: what is left to prove the others by. */
  covers: readonly (RowCover | undefined)[]
}

/** The partitions that an account gave, which it may ask about without a pass. */
export function partitionsGivenBy({ contributors, content }: ContentManifest, account: Address): number[] {
  return partitionsOf(content).flatMap(({ contributor }, place) => {
    const leaf = contributors.leaves[contributor ?? -1]
    return leaf !== undefined && isAddressEqual(leaf.account, account) ? [place] : []
  })
}

/**
 * Finds a row by the hash of its bytes and proves that it is in the version. The content is read twice, and memory does
 * not grow with it.
 *
 * @param parameters.among Partitions in which the row is looked for: whoever has no pass learns nothing about the others.
 * @throws AgoraiError `row_missing`, `version_erased` where the row's own partition, or what it takes to prove it, is gone
 */
export async function proveStoredRow(
  storage: Storage,
  { manifest, secrets, covers }: KeptVersion,
  { rowDigest, among }: { rowDigest: Hex; among: readonly number[] },
): Promise<Pick<RowProof, 'root' | 'rows' | 'index' | 'salt' | 'proof'>> {
  const { root, rows } = manifest.content.plaintext
  const partitions = partitionsOf(manifest.content)
  const found = await findRow()
  const prover = await createRowProver(found.index, secrets[0]?.saltSeed ?? new Uint8Array(32))
  for (const [partition, kept] of secrets.entries()) {
    if (kept === null) {
      const cover = covers[partition]
      if (cover === undefined) throw gone('What proves the rows beside an erased partition was not kept.')
      prover.addCover(cover)
      continue
    }
    prover.reseed(kept.saltSeed)
    for await (const row of readPartition(storage, manifest, { partition, secrets: kept })) {
      prover.add(row)
      if (prover.rows % rowsPerTurn === 0) await nextTurn()
    }
  }
  const proven = { root, rows, index: found.index, ...prover.result() }
  if (!(await verifyRow({ ...proven, row: found.row })))
    throw new AgoraiError('integrity_failed', 'The stored rows have another root than the manifest.')
  return proven

  async function findRow(): Promise<{ index: number; row: Uint8Array }> {
    let read = 0
    for (const partition of among) {
      const kept = secrets[partition]
      if (kept === null || kept === undefined) continue
      let index = firstRowOf(partitions, partition)
      for await (const row of readPartition(storage, manifest, { partition, secrets: kept })) {
        if (keccak256(row) === rowDigest) return { index, row }
        index++
        if (++read % rowsPerTurn === 0) await nextTurn()
      }
    }
    if (among.every((partition) => secrets[partition] === null)) throw gone('These rows were taken back.')
    throw new AgoraiError('row_missing', 'No row that this account may ask about is that one.', { field: 'rowDigest' })
  }
}

/** Number of a partition's first row. */
export const firstRowOf = (partitions: readonly Partition[], partition: number): number =>
  partitions.slice(0, partition).reduce((sum, { rows }) => sum + rows, 0)

const gone = (message: string): AgoraiError => new AgoraiError('version_erased', message)
