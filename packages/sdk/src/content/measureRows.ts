import {
  AgoraiError,
  type ContentSecrets,
  createRowSampler,
  isRandomAccess,
  type RandomAccess,
  type SampleRow,
  splitStream,
} from '@agorai/core'
import type { Hex } from 'viem'
import { type RowFormat, readRows } from './readRows.js'
import type { ReadRowsOptions } from './readRowsOptions.js'

export type MeasuredRows = {
  /** Rows of each partition. */
  partitionRows: number[]
  rows: number
  /** Root of the salted tree over all rows. */
  root: Hex
  /** The rows that were wanted, with their proofs. */
  sample: SampleRow[]
}

/**
 * Reads a plaintext into its rows and their salted root, each partition by itself, so that no row reaches from one into
 * the next.
 *
 * @param parameters.partitionBytes Plaintext lengths of the partitions; one is the whole content.
 * @throws AgoraiError `rows_invalid`
 */
export async function measureRows(parameters: {
  rowFormat: RowFormat
  /** Of one partition where any part of it can be read. */
  content: AsyncIterable<Uint8Array> | RandomAccess
  secrets: ContentSecrets
  partitionBytes: readonly number[]
  onRecord?: ReadRowsOptions['onRecord']
  /** Indices of rows to keep with their proofs. Default: none. */
  wanted?: readonly number[] | undefined
  /** Told of each row; may throw, or make the reader wait. */
  onRow?: (rows: number) => undefined | Promise<void>
}): Promise<MeasuredRows> {
  const { rowFormat, content, secrets, partitionBytes, onRecord, wanted = [], onRow } = parameters
  const options = onRecord === undefined ? {} : { onRecord }
  const tree = await createRowSampler(wanted, secrets[0]?.saltSeed)
  const partitionRows: number[] = []
  const parts = isRandomAccess(content) ? [content] : splitStream(content, partitionBytes)
  for await (const part of parts) {
    const partition = partitionRows.length
    const before = tree.rows
    const next = secrets[partition]
    if (partition > 0 && next !== undefined) tree.reseed(next.saltSeed)
    const isLast = isRandomAccess(part) || partition === partitionBytes.length - 1
    for await (const row of readRows(rowFormat, isLast ? part : endingInRow(part, partition), options)) {
      tree.add(row)
      const wait = onRow?.(tree.rows)
      if (wait !== undefined) await wait
    }
    partitionRows.push(tree.rows - before)
  }
  return { partitionRows, rows: tree.rows, root: tree.root(), sample: tree.sample() }
}

const lineFeed = 0x0a

/** A partition that ended inside a row would give it away with the next one's key. */
async function* endingInRow(part: AsyncIterable<Uint8Array>, partition: number): AsyncGenerator<Uint8Array> {
  let last: number | undefined
  for await (const slice of part) {
    last = slice.at(-1)
    yield slice
  }
  if (last !== lineFeed)
    throw new AgoraiError('rows_invalid', `Partition ${partition} does not end where a row ends.`, {
      field: 'content.partitions',
      details: { partition },
    })
}
