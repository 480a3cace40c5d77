import { createHash } from 'node:crypto'
import { AgoraiError } from '@agorai/core'
import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { type FolderFile, isHidden, type LeftOut, packFolder, refuseFolder } from '../files/packFolder.js'
import type { LocalSource } from '../localSource.js'
import { connectS3, parseS3, readS3, type S3Options, toldS3 } from './s3Source.js'

const entriesMax = 400_000

/**
 * The objects whose keys begin with a prefix, `s3://bucket/folder/`, as the folder that they look like: the tar that the
 * same files on this machine have. Each is held to the version that was listed. Of each the first bytes are read before.
 *
 * @throws AgoraiError `invalid_request`, `source_unavailable`, `archive_invalid`, `unsafe_name`, `unsafe_format`,
 * `content_unreadable`; reading throws `source_changed`
 */
export async function openS3Folder(
  reference: string,
  options: S3Options = {},
): Promise<LocalSource & { identity: string }> {
  const { bucket, key: prefix } = parseS3(reference)
  const client = connectS3(options)
  const hash = createHash('sha256')
  const files: FolderFile[] = []
  const leftOut: LeftOut[] = []
  let entries = 0
  let token: string | undefined
  do {
    const command = new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token })
    const page = await toldS3(reference, client.send(command))
    for (const { Key: key, Size: bytes, ETag: etag } of page.Contents ?? []) {
      if (++entries > entriesMax) throw refuseFolder(`It holds more than ${entriesMax} objects.`)
      if (key === undefined || bytes === undefined || etag === undefined)
        throw new AgoraiError('source_unavailable', `${reference} is listed without keys, lengths or ETags.`)
      const path = key.slice(prefix.length)
      // Tools put an empty object where a folder shall be seen.
      if (bytes === 0 && (path === '' || path.endsWith('/'))) continue
      hash.update(JSON.stringify([path, bytes, etag]))
      if (isHidden(path)) leftOut.push({ path, reason: 'hidden' })
      else files.push({ path, ...readS3(client, { bucket, key, etag, bytes }) })
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
  const name = prefix.split('/').at(-2) || bucket
  return {
    ...(await packFolder(name, files, leftOut)),
    identity: JSON.stringify([reference, options.endpoint ?? null, hash.digest('hex')]),
  }
}
