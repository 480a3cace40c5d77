import { openDiskStorage } from '../adapters/storage/diskStorage.js'
import { openS3Storage } from '../adapters/storage/s3Storage.js'
import type { NodeConfig } from '../config.js'
import type { Storage } from '../ports/storage.js'

/** A folder outside of the node's own may be shared with other gateways, which may be writing into it. */
const sharedLeftoverMs = 3_600_000

/**
 * The content store that the settings name: a bucket, or a folder.
 *
 * @param options.isGuest Whether a running node may be at home in it.
 */
export function openStorage({ s3, storageFolder, dataFolder }: NodeConfig, { isGuest = false } = {}): Promise<Storage> {
  if (s3 !== undefined) return openS3Storage(s3)
  const isOwn = storageFolder.startsWith(dataFolder) && !isGuest
  return openDiskStorage(storageFolder, { leftoverMs: isOwn ? 0 : sharedLeftoverMs })
}
