import { AgoraiError, type Manifest, parseStrictJson, requireContent, verifyRow } from '@agorai/core'
import { sha256 } from 'viem/utils'

export type VerifiedSample = {
  /** Rows that are proven to be rows of the content, with their records. */
  rows: { index: number; record: Record<string, unknown> }[]
  /**
   * Files to look at or hear. Of a folder, a `row` is the sample's row that has the same sha-256: the file is then proven to
   * be in the content; without it, it is what the seller gives as a picture of it.
   */
  previews: { fileName: string; mediaType: string; bytes: Uint8Array<ArrayBuffer>; row?: number }[]
}

/**
 * Checks that each row of a manifest's sample is the row of the content that it says it is: salt and proof lead to the root
 * that the manifest states. Nobody is asked, and nothing of the other rows is learned.
 *
 * @throws AgoraiError `integrity_failed` with the row, `nothing_to_deliver` for a version without content
 */
export async function verifySample(manifest: Manifest): Promise<VerifiedSample> {
  const { content, sample = { rows: [], previews: [] } } = requireContent(manifest)
  const { root, rows: count } = content.plaintext
  const rows: VerifiedSample['rows'] = []
  for (const [place, { index, row, salt, proof }] of sample.rows.entries()) {
    const proven = await verifyRow({ root, rows: count, index, salt, row: new TextEncoder().encode(row), proof })
    const record = proven ? parseStrictJson(row) : undefined
    if (typeof record !== 'object' || record === null || Array.isArray(record))
      throw new AgoraiError('integrity_failed', `Row ${index} of the sample is not that row of the content.`, {
        field: `sample.rows.${place}`,
      })
    rows.push({ index, record: record as Record<string, unknown> })
  }
  const files = new Map(
    content.plaintext.rowFormat === 'tar' ? rows.map(({ index, record }) => [record.sha256, index]) : [],
  )
  const previews = sample.previews.map(({ fileName, mediaType, data }) => {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0))
    const row = files.get(sha256(bytes))
    return { fileName, mediaType, bytes, ...(row === undefined ? {} : { row }) }
  })
  return { rows, previews }
}
