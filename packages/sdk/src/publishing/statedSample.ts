import { AgoraiError, type Preview, type RowFormat, type Sample, type SampleRow, sampleRowsMax } from '@agorai/core'

/** What a seller wants to show of a content. */
export type StatedSample = {
  /** Rows by their index, counted from 0. */
  rows?: readonly number[] | undefined
  /** As many rows from the beginning. */
  first?: number | undefined
  /** Small files to look at or hear, in base64. */
  previews?: readonly Preview[] | undefined
}

/**
 * Indices of the rows that a sample wants.
 *
 * @throws AgoraiError `manifest_invalid` for rows of a binary file, which are no records, and for more rows than are shown
 */
export function toSampledRows(stated: StatedSample | undefined, rowFormat: RowFormat): readonly number[] {
  const { rows = [], first = 0 } = stated ?? {}
  if (first > sampleRowsMax || rows.length > sampleRowsMax)
    throw refusal(`A sample has at most ${sampleRowsMax} rows.`, { rows: Math.max(first, rows.length) })
  const wanted = [...rows, ...Array.from({ length: first }, (_, index) => index)]
  if (wanted.length > 0 && rowFormat === 'binary')
    throw refusal('A binary file has no rows to show: give previews, or none.', { rowFormat })
  return wanted
}

/**
 * The sample of a manifest, from what was wanted and found.
 *
 * @throws AgoraiError `manifest_invalid` for a row that the content does not have
 */
export function toSample(stated: StatedSample | undefined, found: readonly SampleRow[]): Sample | undefined {
  if (stated === undefined) return undefined
  const indices = new Set(found.map(({ index }) => index))
  const missing = stated.rows?.find((index) => !indices.has(index))
  if (missing !== undefined) throw refusal(`The content has no row ${missing}.`, { missing })
  const previews = [...(stated.previews ?? [])]
  return found.length + previews.length === 0 ? undefined : { rows: [...found], previews }
}

const refusal = (message: string, details: Record<string, string | number>): AgoraiError =>
  new AgoraiError('manifest_invalid', message, { field: 'sample', details })
