import { type ContentManifest, importContentKey, openRange, type RandomAccess } from '@agorai/core'
import { collectBytes } from '@agorai/sdk'
import type { Storage } from '../ports/storage.js'

/** Any part of a stored content of one partition, decrypted. Nothing is kept but what was asked for last. */
export async function openStored(
  storage: Storage,
  { contentId, content }: Pick<ContentManifest, 'contentId' | 'content'>,
  contentKey: Uint8Array,
): Promise<RandomAccess> {
  return openRange({
    key: await importContentKey(contentKey),
    contentId,
    bytes: content.plaintext.bytes,
    ciphertext: {
      bytes: content.bytes,
      read: (start, end) => collectBytes(storage.readContent(content.cid, { start, end: end - 1 })),
      stream: () => storage.readContent(content.cid),
    },
  })
}
