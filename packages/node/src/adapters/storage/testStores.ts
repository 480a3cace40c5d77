import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import S3rver from 's3rver'
import type { Storage } from '../../ports/storage.js'
import { openDiskStorage } from './diskStorage.js'
import { openS3Storage } from './s3Storage.js'

/** A store of a test's own, and what stands in it as somebody sees it who does not go through the port. */
export type TestStore = { storage: Storage; names(): Promise<string[]>; close(): Promise<void> }

const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }

/**
 * A real server of the S3 protocol.
 *
 * @param directory Where its files are; they are gone when it is closed.
 */
export async function startS3(directory = mkdtempSync(join(tmpdir(), 'agorai-s3-'))) {
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory })
  const { port } = await server.run()
  const settings = { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', credentials }
  const client = new S3Client({ ...settings, forcePathStyle: true })
  const Bucket = `bucket-${randomUUID()}`
  await client.send(new CreateBucketCommand({ Bucket }))
  return {
    settings,
    bucket: Bucket,
    async names() {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
      return Contents.map(({ Key = '' }) => Key)
    },
    async close() {
      await server.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export async function s3Store(): Promise<TestStore> {
  const { settings, bucket, names, close } = await startS3()
  return { storage: await openS3Storage({ ...settings, bucket, prefix: 'a/node' }), names, close }
}

export async function diskStore(): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-disk-'))
  return {
    storage: await openDiskStorage(folder),
    async names() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
