import { isAgoraiError } from '@agorai/core'
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Storage } from '../../ports/storage.js'
import type { ContentUpload, Uploads } from '../../ports/uploads.js'
import { createS3Client, keyIn, partBytesOf, type S3StorageOptions, told } from './s3Client.js'
import { overQuota, tooLong, tooShort } from './uploadErrors.js'

export type S3UploadsOptions = {
  s3: S3StorageOptions
  storage: Storage
  /** Most bytes that one account may have under way. */
  accountBytesMax: number
  /** How long what nobody continues is kept. */
  keptMs: number
}

/** A run of bytes of an upload, as an object whose name says which. */
type Piece = { key: string; start: number; bytes: number; storedAt: Date }

/**
 * Uploads in a bucket: what arrives is kept there in pieces until it is whole. The names of the pieces are all that there
 * is to know of an upload, so any gateway goes on with what any other has taken.
 */
export function openS3Uploads({ s3, storage, accountBytesMax, keptMs }: S3UploadsOptions): Uploads {
  const client = createS3Client(s3)
  const { bucket: Bucket } = s3
  const root = `${keyIn(s3, 'uploads', '')}/`
  const folderOf = ({ account }: Pick<ContentUpload, 'account'>) => `${root}${account.toLowerCase()}/`
  const keyOf = (upload: ContentUpload, start: number) => `${pathOf(upload)}${String(start).padStart(15, '0')}`
  const pathOf = (upload: ContentUpload) => `${folderOf(upload)}${upload.cid}.${upload.bytes}/`

  async function* list(Prefix: string, Delimiter?: string) {
    for (let ContinuationToken: string | undefined; ; ) {
      const page = await told(() =>
        client.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter, ContinuationToken })),
      )
      yield page
      ContinuationToken = page.NextContinuationToken
      if (ContinuationToken === undefined) return
    }
  }

  async function* listPieces(Prefix: string): AsyncGenerator<Piece> {
    for await (const { Contents = [] } of list(Prefix))
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of Contents)
        yield { key: Key, start: Number(Key.slice(Key.lastIndexOf('/') + 1)), bytes: Size, storedAt: LastModified }
  }

  /** Others of the account count as what they will be: beginning many must not be a way around the quota. */
  async function assertQuota(upload: ContentUpload): Promise<void> {
    let underWay = 0
    for await (const { CommonPrefixes = [] } of list(folderOf(upload), '/'))
      for (const { Prefix = '' } of CommonPrefixes)
        if (Prefix !== pathOf(upload)) underWay += Number(Prefix.slice(Prefix.lastIndexOf('.') + 1, -1))
    if (underWay + upload.bytes > accountBytesMax) throw overQuota(accountBytesMax, underWay)
  }

  /** The pieces of an upload that follow on one another from its beginning. Later ones may be of a sender that went back. */
  async function arrived(upload: ContentUpload): Promise<{ pieces: Piece[]; received: number }> {
    const pieces: Piece[] = []
    let received = 0
    for await (const piece of listPieces(pathOf(upload))) {
      if (piece.start > received) break
      if (piece.start + piece.bytes <= received) continue
      pieces.push(piece)
      received = piece.start + piece.bytes
    }
    return { pieces, received }
  }

  /** Names an upload before anything of it is there, so that of many that begin at once each counts the others. */
  async function begin(upload: ContentUpload): Promise<void> {
    const Key = keyOf(upload, 0)
    await told(() => client.send(new PutObjectCommand({ Bucket, Key, Body: new Uint8Array() })))
    try {
      await assertQuota(upload)
    } catch (error) {
      await told(() => client.send(new DeleteObjectCommand({ Bucket, Key })))
      throw error
    }
  }

  async function append(upload: ContentUpload, start: number, body: AsyncIterable<Uint8Array>): Promise<void> {
    const pieceBytes = partBytesOf(upload.bytes)
    let at = start
    let filled: Uint8Array[] = []
    let held = 0
    const flush = async () => {
      if (held === 0) return
      const Key = keyOf(upload, at)
      const Body = Buffer.concat(filled)
      await told(() => client.send(new PutObjectCommand({ Bucket, Key, Body })))
      at += held
      filled = []
      held = 0
    }
    try {
      for await (const slice of body) {
        if (at + held + slice.length > upload.bytes) throw tooLong(upload.bytes)
        filled.push(slice)
        held += slice.length
        if (held >= pieceBytes) await flush()
      }
    } finally {
      // What came before the sender broke off stays.
      await flush()
    }
  }

  async function* read(pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
    let at = 0
    for (const { key, start } of pieces) {
      const { Body } = await told(() => client.send(new GetObjectCommand({ Bucket, Key: key })))
      let skipped = at - start
      for await (const slice of Body as unknown as AsyncIterable<Uint8Array>) {
        const rest = slice.subarray(Math.min(skipped, slice.length))
        skipped -= slice.length - rest.length
        at += rest.length
        yield rest
      }
    }
  }

  async function remove(prefix: string): Promise<void> {
    for await (const { key } of listPieces(prefix))
      await told(() => client.send(new DeleteObjectCommand({ Bucket, Key: key })))
  }

  async function store(upload: ContentUpload, pieces: readonly Piece[]): Promise<void> {
    try {
      await storage.putContent(upload.cid, upload.bytes, read(pieces))
    } catch (error) {
      // What is not what it was said to be will never become it.
      if (isAgoraiError(error, 'digest_mismatch')) await remove(pathOf(upload))
      // Another gateway may have been handed the end, too, and have stored it and removed the pieces.
      else if ((await storage.contentBytes(upload.cid)) === upload.bytes) return
      throw error
    }
  }

  return {
    async receivedBytes(upload) {
      await assertQuota(upload)
      return (await arrived(upload)).received
    },
    async receive(upload, start, body) {
      const before = await arrived(upload)
      if (start > before.received) throw tooShort(before.received)
      if (before.received === 0) await begin(upload)
      else await assertQuota(upload)
      await append(upload, start, body)
      const { pieces, received } = await arrived(upload)
      if (received < upload.bytes) return received
      await store(upload, pieces)
      await remove(pathOf(upload))
      return received
    },
    async expire() {
      const newest = new Map<string, number>()
      for await (const { key, storedAt } of listPieces(root)) {
        const path = key.slice(0, key.lastIndexOf('/') + 1)
        newest.set(path, Math.max(newest.get(path) ?? 0, storedAt.getTime()))
      }
      const over = [...newest].filter(([, storedAt]) => Date.now() - storedAt >= keptMs)
      for (const [path] of over) await remove(path)
      return over.length
    },
  }
}
