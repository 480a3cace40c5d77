import {
  AgoraiError,
  type ContentManifest,
  createRowRoot,
  importContentKey,
  sealContent,
  sealedBytes,
} from '@agorai/core'
import type { Hex } from 'viem'
import { computeContentCid } from '../content/contentCid.js'
import { createMeter } from '../content/createMeter.js'
import { createFieldProfile } from '../content/profileFields.js'
import { type RowFormat, readRows } from '../content/readRows.js'
import type { ContentSecrets } from '../crypto/hpke.js'

/** A file, or anything else that can be read from its beginning more than once. */
export type ContentSource = {
  /** A plain name, without folders. */
  fileName: string
  mediaType: string
  /** Length of what `stream` yields. */
  bytes: number
  /** Reads it from the beginning; called twice. Slices stay as they are after they were yielded. */
  stream(): AsyncIterable<Uint8Array>
}

export type MeasuredContent = {
  content: ContentManifest['content']
  fields: ContentManifest['fields']
}

/**
 * Everything that a manifest states about a content, in one read of it: the rows and their salted root, the columns, and
 * the CID of the ciphertext.
 *
 * @throws AgoraiError `rows_invalid` with the line, `length_mismatch`
 */
export async function measureContent(
  source: ContentSource,
  parameters: {
    rowFormat: RowFormat
    contentId: Hex
    secrets: ContentSecrets
    /** Told of the bytes read so far. */
    onBytes: (bytes: number) => void
  },
): Promise<MeasuredContent> {
  const { rowFormat, contentId, secrets, onBytes } = parameters
  const tree = await createRowRoot(secrets.saltSeed)
  const profile = createFieldProfile()
  const rows = createMeter(async (content) => {
    for await (const row of readRows(rowFormat, content, { onRecord: profile.add })) tree.add(row)
  })
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const slice of source.stream()) {
      bytes += slice.length
      onBytes(bytes)
      yield slice
    }
  }
  const key = await importContentKey(secrets.contentKey)
  const cid = await computeContentCid(sealContent({ key, contentId, plaintext: rows.pass(counted()) }))
  await rows.result()
  if (bytes !== source.bytes)
    throw new AgoraiError('length_mismatch', `The content has ${bytes} bytes, ${source.bytes} were stated.`, {
      field: 'content.bytes',
      details: { bytes, stated: source.bytes },
    })
  const { fileName, mediaType } = source
  return {
    content: {
      cid,
      bytes: sealedBytes(bytes),
      plaintext: { fileName, mediaType, bytes, root: tree.root(), rowFormat, rows: tree.rows },
    },
    fields: profile.fields(),
  }
}
