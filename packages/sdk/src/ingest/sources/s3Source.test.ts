import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import S3rver from 's3rver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openS3 } from './s3Source.js'

const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }
const content = randomBytes(2_500_000)
let folder: string
let server: S3rver
let endpoint: string
let client: S3Client
const put = (Key: string, Body: Uint8Array) => client.send(new PutObjectCommand({ Bucket: 'data', Key, Body }))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-source-'))
  server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory: folder })
  const { port } = await server.run()
  endpoint = `http://127.0.0.1:${port}`
  client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials })
  await client.send(new CreateBucketCommand({ Bucket: 'data' }))
  await put('a folder/rows.parquet', content)
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

const open = (reference: string) => openS3(reference, { endpoint, credentials })

test('an object is read whole, from a byte on, and by ranges', async () => {
  const source = await open('s3://data/a folder/rows.parquet')
  expect([source.fileName, source.bytes]).toEqual(['rows.parquet', content.length])
  expect(content.equals(await collectBytes(source.stream()))).toBe(true)
  expect(content.subarray(2_000_001).equals(await collectBytes(source.stream(2_000_001)))).toBe(true)
  expect(content.subarray(7, 70).equals((await source.read?.(7, 70)) ?? new Uint8Array())).toBe(true)
})

test('an object that is replaced is another one', async () => {
  await put('moving.csv', Buffer.from('a\n1\n'))
  const source = await open('s3://data/moving.csv')
  await put('moving.csv', Buffer.from('a\n2\n'))
  await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_changed' })
  expect((await open('s3://data/moving.csv')).identity).not.toBe(source.identity)
})

test.each([
  ['s3://data/missing.csv', 'source_unavailable'],
  ['s3://other/missing.csv', 'source_unavailable'],
  ['s3://data', 'invalid_request'],
  ['s3://../etc/passwd', 'invalid_request'],
  ['s3://data/', 'invalid_request'],
])('%s', async (reference, code) => {
  await expect(open(reference)).rejects.toMatchObject({ code })
})

test('an endpoint where nobody answers', async () => {
  const attempt = openS3('s3://data/x', { endpoint: 'http://127.0.0.1:1', credentials })
  await expect(attempt).rejects.toMatchObject({ code: 'source_unavailable' })
})
