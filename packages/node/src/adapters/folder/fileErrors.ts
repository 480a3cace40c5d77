import { AgoraiError, isAgoraiError } from '@agorai/core'

/** The code that the operating system gave a failure, such as `ENOSPC`. */
export const systemCodeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

const diskCodes = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'])
const readOnlyCodes = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR'])

/** What a failed write means to the one who asked for it. Anything that is not the disk's fault is passed on as it is. */
export function toStorageError(error: unknown): unknown {
  if (isAgoraiError(error)) return error
  const code = systemCodeOf(error)
  if (code !== undefined && diskCodes.has(code))
    return new AgoraiError('storage_full', `The disk refused to write (${code}).`, { cause: error })
  if (code !== undefined && readOnlyCodes.has(code))
    return new AgoraiError('folder_read_only', `The disk refused to write (${code}).`, { cause: error })
  return error
}
