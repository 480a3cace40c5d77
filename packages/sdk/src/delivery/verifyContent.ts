import {
  AgoraiError,
  type ContentManifest,
  createRowRoot,
  importContentKey,
  manifestDigest,
  parseManifest,
  requireContent,
  sealContent,
} from '@agorai/core'
import type { Hex } from 'viem'
import { computeContentCid } from '../content/contentCid.js'
import { createMeter } from '../content/createMeter.js'
import { readRows } from '../content/readRows.js'
import type { ContentSecrets } from '../crypto/hpke.js'

/** What was checked and found right, in a sentence with its figures. */
export type Check = { name: string; found: string }

export type DeliveredContent = ContentSecrets & {
  /** The exact bytes of the manifest. */
  manifestBytes: Uint8Array
  /** The plaintext from its beginning. */
  plaintext(): AsyncIterable<Uint8Array>
}

/**
 * Everything that can be recomputed from a delivered content without asking anyone: the salted root and the count of its
 * rows, its length, and, by encrypting it again, the CID of the ciphertext. One read of the content.
 *
 * @throws AgoraiError `integrity_failed` with the field of the manifest that is not met, `manifest_invalid`
 */
export async function verifyContent(
  delivered: DeliveredContent,
): Promise<{ manifest: ContentManifest; digest: Hex; checks: Check[] }> {
  const manifest = requireContent(parseManifest(delivered.manifestBytes))
  const digest = manifestDigest(delivered.manifestBytes)
  const { contentId, content } = manifest
  const tree = await createRowRoot(delivered.saltSeed)
  const rows = createMeter(async (plaintext) => {
    for await (const row of readRows(content.plaintext.rowFormat, plaintext)) tree.add(row)
  })
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const slice of delivered.plaintext()) {
      bytes += slice.length
      yield slice
    }
  }
  const key = await importContentKey(delivered.contentKey)
  const cid = await computeContentCid(sealContent({ key, contentId, plaintext: rows.pass(counted()) }))
  await rows.result()
  const { plaintext } = content
  return {
    manifest,
    digest,
    checks: [
      compare('content.plaintext.bytes', bytes, plaintext.bytes),
      compare('content.plaintext.rows', tree.rows, plaintext.rows),
      compare('content.plaintext.root', tree.root(), plaintext.root),
      compare('content.cid', cid, content.cid),
    ],
  }
}

function compare(field: string, found: string | number, stated: string | number): Check {
  if (found === stated) return { name: field, found: String(found) }
  throw new AgoraiError('integrity_failed', `${field} states ${stated}, the content has ${found}.`, {
    field,
    details: { stated, found },
  })
}
