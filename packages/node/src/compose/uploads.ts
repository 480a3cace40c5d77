import { join } from 'node:path'
import { openPartialUploads } from '../adapters/storage/partialUploads.js'
import { openS3Uploads } from '../adapters/storage/s3Uploads.js'
import type { NodeConfig } from '../config.js'
import type { Storage } from '../ports/storage.js'
import type { Uploads } from '../ports/uploads.js'

const hourMs = 3_600_000

/** Where content arrives, beside the content store. What nobody continues is looked for every hour. */
export async function openUploads(
  { s3, storageFolder, uploadBytesMax, uploadHours }: NodeConfig,
  storage: Storage,
  onWarning: (message: string, cause: unknown) => void,
): Promise<{ uploads: Uploads; stop(): Promise<void> }> {
  const options = { storage, accountBytesMax: uploadBytesMax, keptMs: uploadHours * hourMs }
  const uploads =
    s3 === undefined
      ? await openPartialUploads({ ...options, folder: join(storageFolder, 'uploads') })
      : openS3Uploads({ ...options, s3 })
  const expire = () =>
    void uploads.expire().catch((cause: unknown) => onWarning('Uploads that nobody continues stay for now.', cause))
  expire()
  const timer = setInterval(expire, hourMs)
  timer.unref()
  return { uploads, stop: async () => clearInterval(timer) }
}
