import type { ContentSecrets } from '@agorai/core'
import type { Hex } from 'viem'
import type { MeasuredContent } from './measureContent.js'

/**
 * What makes the same ciphertext of the same content again. It holds the content's keys: it belongs on the seller's own
 * machine, where nobody else can read it. For another content it must never be used, since that would be sealed under the
 * same keys.
 */
export type BegunUpload = {
  contentId: Hex
  secrets: ContentSecrets
  /** How the content was measured; measured otherwise it is measured again. */
  shape: string
  measured: MeasuredContent
}

/** Where one content's upload is remembered. */
export type UploadMemory = {
  load(): Promise<BegunUpload | undefined>
  save(begun: BegunUpload): Promise<void>
  /** Called when the version is published. */
  clear(): Promise<void>
}
