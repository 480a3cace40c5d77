import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { ByteRange, Storage } from '../../ports/storage.js'
import { assertContent, assertDigest } from './assertObject.js'
import {
  createS3Client,
  isMissing,
  keyIn,
  partBytesOf,
  type S3StorageOptions,
  statusOf,
  told,
  toStoreError,
} from './s3Client.js'

/** Parts of one upload that are under way. */
const partsAtOnce = 3
const readAttemptsMax = 4

/**
 * A store in a bucket of S3, or of anything that speaks its protocol: one object each, named by its hash. Large content
 * goes up in parts, which become an object only when the last of it has arrived and its CID is the one that was stated.
 *
 * @throws AgoraiError `storage_unavailable`
 */
export async function openS3Storage(options: S3StorageOptions): Promise<Storage> {
  const { bucket: Bucket } = options
  const client = createS3Client(options)
  const keyOf = (kind: string, name: string) => keyIn(options, kind, name)
  const contentKey = (cid: string) => keyOf('content', cid)
  const manifestKey = (digest: string) => keyOf('manifests', `${digest.slice(2)}.json`)
  const chunksKey = (root: string) => keyOf('chunks', root.slice(2))
  await told(() => client.send(new HeadBucketCommand({ Bucket })))

  /** What is there has the same name and so the same bytes: it stays. */
  async function put(Key: string, Body: Uint8Array): Promise<void> {
    try {
      await told(() => client.send(new PutObjectCommand({ Bucket, Key, Body, IfNoneMatch: '*' })))
    } catch (error) {
      if (statusOf(error) !== 412) throw error
    }
  }
  const get = (Key: string) =>
    told(async () => (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray()).catch(
      (error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      },
    )
  async function sizeOf(Key: string): Promise<number | undefined> {
    try {
      return (await told(() => client.send(new HeadObjectCommand({ Bucket, Key })))).ContentLength
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Sends parts while they arrive; whoever reads along decides at the end whether they become an object. */
  async function putParts(Key: string, partBytes: number, body: AsyncIterable<Uint8Array>, check: Check) {
    const { UploadId } = await told(() => client.send(new CreateMultipartUploadCommand({ Bucket, Key })))
    const upload = { Bucket, Key, UploadId }
    const sent: Promise<{ PartNumber: number; ETag: string | undefined }>[] = []
    const send = (Body: Uint8Array) => {
      const PartNumber = sent.length + 1
      const part = told(() => client.send(new UploadPartCommand({ ...upload, PartNumber, Body })))
      const named = part.then(({ ETag }) => ({ PartNumber, ETag }))
      // Whoever waits for the parts hears of it.
      named.catch(() => undefined)
      sent.push(named)
    }
    try {
      await check(
        cutParts(body, partBytes, async (part) => {
          await sent.at(-partsAtOnce)
          send(part)
        }),
      )
      const Parts = await Promise.all(sent)
      await told(() => client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })))
    } catch (error) {
      await Promise.allSettled(sent)
      await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined)
      throw error
    }
  }

  return {
    async putContent(cid, bytes, body) {
      const Key = contentKey(cid)
      const check: Check = (content) => assertContent(cid, bytes, content)
      const partBytes = partBytesOf(bytes)
      if (bytes > partBytes) return putParts(Key, partBytes, body, check)
      const parts: Uint8Array[] = []
      await check(cutParts(body, partBytes, async (part) => void parts.push(part)))
      await put(Key, Buffer.concat(parts))
    },
    contentBytes: (cid) => sizeOf(contentKey(cid)),
    async *readContent(cid, range) {
      const Key = contentKey(cid)
      let start = range?.start ?? 0
      const end = range?.end ?? ((await sizeOf(Key)) ?? 0) - 1
      for (let attempt = 1; start <= end; attempt++) {
        try {
          for await (const slice of await open(Key, { start, end })) {
            if (slice.length > 0) attempt = 0
            // Not every server keeps to a range of one byte.
            const asked = slice.subarray(0, end + 1 - start)
            start += asked.length
            if (asked.length > 0) yield asked
            if (start > end) break
          }
        } catch (error) {
          // A connection that breaks is taken up where it stopped.
          if (attempt >= readAttemptsMax || isMissing(error)) throw toStoreError(error)
        }
      }
    },
    async putManifest(digest, bytes) {
      assertDigest(digest, bytes)
      await put(manifestKey(digest), bytes)
    },
    getManifest: (digest) => get(manifestKey(digest)),
    putChunkHashes: (root, hashes) => put(chunksKey(root), hashes),
    getChunkHashes: (root) => get(chunksKey(root)),
    async *list(kind) {
      const Prefix = `${keyOf(kind, '')}/`
      for (let ContinuationToken: string | undefined; ; ) {
        const page = await told(() => client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken })))
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? []) {
          const last = Key.slice(Key.lastIndexOf('/') + 1)
          const name = kind === 'content' ? last : `0x${last.replace('.json', '')}`
          yield { name, bytes: Size, storedAt: LastModified }
        }
        ContinuationToken = page.NextContinuationToken
        if (ContinuationToken === undefined) return
      }
    },
    async remove(kind, name) {
      const Key = { content: contentKey, manifests: manifestKey, chunks: chunksKey }[kind](name)
      await told(() => client.send(new DeleteObjectCommand({ Bucket, Key })))
    },
    async roomBytes() {
      await told(() => client.send(new HeadBucketCommand({ Bucket })))
      return undefined
    },
  }

  async function open(Key: string, { start, end }: ByteRange): Promise<AsyncIterable<Uint8Array>> {
    const { Body } = await told(() =>
      client.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=${start}-${end}` })),
    )
    return Body as unknown as AsyncIterable<Uint8Array>
  }
}

/** Reads a body to its end and throws unless it is what was stated. */
type Check = (content: AsyncIterable<Uint8Array>) => Promise<void>

/** Passes a stream on, and hands it over in parts of one size; the last, which may be shorter, comes before the end does. */
async function* cutParts(
  body: AsyncIterable<Uint8Array>,
  partBytes: number,
  handOver: (part: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let part: Uint8Array[] = []
  let filled = 0
  const flush = async () => {
    const whole = Buffer.concat(part)
    part = []
    filled = 0
    await handOver(whole)
  }
  for await (const slice of body) {
    for (let read = 0; read < slice.length; ) {
      const taken = slice.subarray(read, read + partBytes - filled)
      part.push(taken)
      filled += taken.length
      read += taken.length
      if (filled === partBytes) await flush()
    }
    yield slice
  }
  if (filled > 0) await flush()
}
