import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  AgoraiError,
  type ContentManifest,
  createRowRoot,
  importContentKey,
  isAgoraiError,
  openContent,
  sealedBytes,
} from '@agorai/core'
import { type ContentSecrets, readRows } from '@agorai/sdk'
import type { Storage } from '../ports/storage.js'

/** Rows hashed before others get their turn: short ones come by the million. */
const rowsPerTurn = 4_096

/**
 * Opens a whole stored content and compares it with its manifest. What passes can be delivered: the key opens it, and a
 * buyer will find the length, the rows and the salted root that the manifest states.
 *
 * @throws AgoraiError `content_missing`, `length_mismatch`, `key_invalid`, `rows_invalid`, `digest_mismatch`
 */
export async function checkContent(
  storage: Storage,
  manifest: ContentManifest,
  secrets: ContentSecrets,
): Promise<void> {
  const { cid, bytes, plaintext } = manifest.content
  const stored = await storage.contentBytes(cid)
  if (stored === undefined)
    throw new AgoraiError('content_missing', 'The content of this manifest was not uploaded.', { field: 'content.cid' })
  if (stored !== bytes) throw wrongLength('content.bytes', bytes, stored)
  if (sealedBytes(plaintext.bytes) !== bytes) throw wrongLength('content.plaintext.bytes', plaintext.bytes, bytes)

  const key = await importContentKey(secrets.contentKey)
  const opened = openContent({ key, contentId: manifest.contentId, ciphertext: storage.readContent(cid) })
  const measured = await createRowRoot(secrets.saltSeed)
  try {
    for await (const row of readRows(plaintext.rowFormat, opened)) {
      if (measured.rows >= plaintext.rows) throw wrongLength('content.plaintext.rows', plaintext.rows, 'more')
      measured.add(row)
      if (measured.rows % rowsPerTurn === 0) await nextTurn()
    }
  } catch (error) {
    // The stored bytes have their CID, so it is the key, or the contentId, that does not fit them.
    if (!isAgoraiError(error, 'integrity_failed')) throw error
    throw new AgoraiError('key_invalid', 'The deposited key does not open the stored content.', { cause: error })
  }
  if (measured.rows !== plaintext.rows) throw wrongLength('content.plaintext.rows', plaintext.rows, measured.rows)
  if (measured.root() !== plaintext.root)
    throw new AgoraiError('digest_mismatch', 'The rows of the content have another root.', {
      field: 'content.plaintext.root',
    })
}

const wrongLength = (field: string, stated: number, actual: number | 'more'): AgoraiError =>
  new AgoraiError('length_mismatch', `${field} states ${stated}, the content has ${actual}.`, {
    field,
    details: { stated, actual },
  })
