import { AgoraiError, isAgoraiError } from '@agorai/core'
import { GetObjectCommand, HeadObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { collectBytes } from '../../content/readStream.js'
import type { FolderFile } from '../files/packFolder.js'
import { type ByteSource, resumeStream } from './byteSource.js'

export type S3Options = {
  /** Default: that of AWS in the region. */
  endpoint?: string | undefined
  /** Default `us-east-1`. */
  region?: string | undefined
  /** Default: what the AWS tools use on this machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined } | undefined
}

/**
 * An object of an S3 bucket, `s3://bucket/key`, held to the version that was there first.
 *
 * @throws AgoraiError `invalid_request`, `source_unavailable`, `source_changed`
 */
export async function openS3(reference: string, options: S3Options = {}): Promise<ByteSource> {
  const { bucket, key } = parseS3(reference)
  if (key === '')
    throw new AgoraiError('invalid_request', 'An S3 object is named s3://bucket/key.', { field: 'reference' })
  const client = connectS3(options)
  const head = await toldS3(reference, client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))
  const { ContentLength: bytes, ETag: etag, VersionId: version } = head
  if (bytes === undefined || etag === undefined)
    throw new AgoraiError('source_unavailable', `${reference} has no length or no ETag.`)
  return {
    fileName: key.split('/').at(-1) || 'content',
    identity: JSON.stringify([reference, options.endpoint ?? null, version ?? null, etag, bytes]),
    ...readS3(client, { bucket, key, etag, version, bytes }),
  }
}

/** @throws AgoraiError `invalid_request` */
export function parseS3(reference: string): { bucket: string; key: string } {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.{0,1024})$/s.exec(reference) ?? []
  if (bucket !== undefined && key !== undefined) return { bucket, key }
  throw new AgoraiError('invalid_request', 'An S3 object is named s3://bucket/key, and a folder s3://bucket/folder/.', {
    field: 'reference',
  })
}

export function connectS3({ endpoint, region = 'us-east-1', credentials }: S3Options): S3Client {
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === undefined ? {} : { credentials: withoutUndefined(credentials) }),
  })
}

type S3Object = { bucket: string; key: string; etag: string; version?: string | undefined; bytes: number }

/** Reads an object as long as it is the one that was found. */
export function readS3(
  client: S3Client,
  { bucket, key, etag, version, bytes }: S3Object,
): Pick<ByteSource, 'stream'> & Omit<FolderFile, 'path' | 'stream'> {
  const reference = `s3://${bucket}/${key}`
  async function open(start: number, end: number): Promise<AsyncIterable<Uint8Array>> {
    const pinned = { Bucket: bucket, Key: key, IfMatch: etag, ...(version && { VersionId: version }) }
    const command = new GetObjectCommand({ ...pinned, Range: `bytes=${start}-${end - 1}` })
    const answer = await toldS3(reference, client.send(command))
    // A server that knows no conditions answers what it has now.
    if (answer.ETag !== etag) throw changed()
    if (answer.ContentLength !== end - start || answer.Body === undefined)
      throw new AgoraiError('source_unavailable', `${reference} answers another range than was asked for.`)
    return toldStream(reference, answer.Body as unknown as AsyncIterable<Uint8Array>)
  }
  return {
    bytes,
    async *stream(start = 0) {
      yield* resumeStream((at) => open(at, bytes), { start, end: bytes })
    },
    read: (start, end) => collectBytes(resumeStream((at) => open(at, end), { start, end })),
  }
}

const withoutUndefined = ({ sessionToken, ...rest }: NonNullable<S3Options['credentials']>) =>
  sessionToken === undefined ? rest : { ...rest, sessionToken }

/** @throws AgoraiError `source_unavailable`, `source_changed` */
export async function toldS3<answer>(reference: string, request: Promise<answer>): Promise<answer> {
  try {
    return await request
  } catch (cause) {
    throw toSourceError(reference, cause)
  }
}

async function* toldStream(reference: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (cause) {
    throw toSourceError(reference, cause)
  }
}

function toSourceError(reference: string, cause: unknown): AgoraiError {
  if (isAgoraiError(cause)) return cause
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined
  if (status === 412) return changed(cause)
  // What a store says of its failures may quote the request, and with it what signs it.
  const said = status === 404 ? 'is not there' : status === 403 ? 'may not be read' : 'does not answer as it should'
  return new AgoraiError('source_unavailable', `${reference} ${said}.`, { cause, details: { status: status ?? 0 } })
}

const changed = (cause?: unknown): AgoraiError =>
  new AgoraiError('source_changed', 'The object is not the one that was read first.', { field: 'reference', cause })
