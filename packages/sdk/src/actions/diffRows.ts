import { createSha256, type RandomAccess, type RowFormat } from '@agorai/core'
import { hexToBytes } from 'viem/utils'
import { readRows } from '../content/readRows.js'

/** A content that somebody holds. It is read once for each pass. */
export type HeldRows = {
  rowFormat: RowFormat
  content(): AsyncIterable<Uint8Array> | RandomAccess
}

export type DiffRowsParameters = {
  from: HeldRows
  to: HeldRows
  /** Rows of both sides together that one pass compares: 8 bytes each. Default: 8 million, 64 MB. */
  rowsPerPass?: number | undefined
}

/** Rows by what they hold, wherever they stand; the same row twice counts twice. */
export type DiffRowsReturnType = { added: number; removed: number; kept: number; passes: number }

/**
 * Counts the rows that a content has and another has not, in memory that does not grow with them: of more rows than one pass
 * compares, each pass takes those whose hash is its own, and the contents are read again for the next.
 *
 * Rows are compared by 64 bits of a salted hash: two different ones count as the same once in 2^64 pairs that meet in a
 * pass, so less than once in half a million comparisons of full passes.
 *
 * @throws AgoraiError `rows_invalid`
 */
export async function diffRows(parameters: DiffRowsParameters): Promise<DiffRowsReturnType> {
  const { from, to, rowsPerPass = 8_000_000 } = parameters
  const hashOf = await createRowHash()
  const rows = (await countRows(from)) + (await countRows(to))
  const passes = Math.max(1, Math.ceil(rows / rowsPerPass))
  const counts = { added: 0, removed: 0, kept: 0, passes }
  for (let pass = 0; pass < passes; pass++) {
    const before = await hashRows(from, pass, passes, hashOf)
    const after = await hashRows(to, pass, passes, hashOf)
    let at = 0
    for (const hash of before) {
      while (at < after.length && (after[at] ?? 0n) < hash) at++
      if (after[at] === hash) {
        counts.kept++
        at++
      } else counts.removed++
    }
    counts.added += after.length
  }
  counts.added -= counts.kept
  return counts
}

/** 16 bytes of a row: the first 8 to compare it, the others to choose its pass. */
type RowHash = (row: Uint8Array) => Uint8Array

/** Salted afresh each time, so that nobody can make rows that meet. */
async function createRowHash(): Promise<RowHash> {
  const hash = await createSha256()
  const salt = crypto.getRandomValues(new Uint8Array(32))
  return (row) => {
    hash.update(salt)
    hash.update(row)
    return hexToBytes(hash.digest()).subarray(0, 16)
  }
}

async function countRows({ rowFormat, content }: HeldRows): Promise<number> {
  let rows = 0
  for await (const _row of readRows(rowFormat, content())) rows++
  return rows
}

/** Hashes of the rows of one pass, ascending. */
async function hashRows(
  { rowFormat, content }: HeldRows,
  pass: number,
  passes: number,
  hashOf: RowHash,
): Promise<BigUint64Array> {
  let hashes = new BigUint64Array(1024)
  let taken = 0
  for await (const row of readRows(rowFormat, content())) {
    const view = new DataView(hashOf(row).slice().buffer)
    if (view.getUint32(8) % passes !== pass) continue
    if (taken === hashes.length) {
      const larger = new BigUint64Array(taken * 2)
      larger.set(hashes)
      hashes = larger
    }
    hashes[taken++] = view.getBigUint64(0)
  }
  return hashes.subarray(0, taken).sort()
}
