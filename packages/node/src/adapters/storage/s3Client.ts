import { AgoraiError, isAgoraiError } from '@agorai/core'
import { S3Client, S3ServiceException } from '@aws-sdk/client-s3'

export type S3StorageOptions = {
  bucket: string
  /** Before every name, without a slash at its end; empty for none. */
  prefix: string
  /** Default: that of AWS in the region. */
  endpoint?: string | undefined
  region: string
  /** Default: what the AWS tools use on this machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined
}

const partBytesMin = 8 * 1024 * 1024
const partsMax = 10_000

export const createS3Client = ({ region, endpoint, credentials }: S3StorageOptions): S3Client =>
  new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials }),
  })

export const keyIn = ({ prefix }: S3StorageOptions, kind: string, name: string): string =>
  [prefix, kind, name].filter((part) => part !== '').join('/')

/** How long the parts of an object are, of which there may be ten thousand. */
export const partBytesOf = (bytes: number): number => Math.max(partBytesMin, Math.ceil(bytes / partsMax))

export const statusOf = (error: unknown): number | undefined => {
  const cause = isAgoraiError(error) ? error.cause : error
  return cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined
}

export const isMissing = (error: unknown): boolean => statusOf(error) === 404

/** @throws AgoraiError `storage_unavailable` */
export async function told<answer>(work: () => Promise<answer>): Promise<answer> {
  try {
    return await work()
  } catch (error) {
    throw toStoreError(error)
  }
}

export function toStoreError(cause: unknown): AgoraiError {
  if (isAgoraiError(cause)) return cause
  const name = cause instanceof Error ? cause.name : 'unknown'
  return new AgoraiError('storage_unavailable', `The S3 store did not do what was asked (${name}).`, { cause })
}
