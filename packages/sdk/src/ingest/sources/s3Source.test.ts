import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import S3rver from 's3rver'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openFolder } from '../openFolder.js'
import { openSource } from './openSource.js'
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
  ['s3://data/a folder/', 'source_unavailable'],
])('%s', async (reference, code) => {
  await expect(open(reference)).rejects.toMatchObject({ code })
})

describe('a prefix that is named as a folder', () => {
  const openFolderOf = (reference: string) => openSource(reference, { s3: { endpoint, credentials } })

  test('is the folder that the same files are here, hidden ones left out', async () => {
    const files = { 'birds/b/wren.txt': 'wren', 'birds/a.txt': 'gull', 'birds/empty.txt': '', 'birds/.DS_Store': 'x' }
    for (const [key, text] of Object.entries(files)) {
      await put(key, Buffer.from(text))
      await mkdir(dirname(join(folder, 'here', key)), { recursive: true })
      await writeFile(join(folder, 'here', key), text)
    }
    await put('birds/b/', Buffer.alloc(0))
    await put('birdsong.txt', Buffer.from('beside it'))
    const source = await openFolderOf('s3://data/birds/')
    const here = await openFolder(join(folder, 'here/birds'))
    expect([source.fileName, source.leftOut]).toEqual(['birds.tar', [{ path: '.DS_Store', reason: 'hidden' }]])
    expect(await collectBytes(source.stream())).toEqual(await collectBytes(here.stream()))

    await put('birds/a.txt', Buffer.from('tern'))
    await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_changed' })
    expect((await openFolderOf('s3://data/birds/')).identity).not.toBe(source.identity)
  })

  /** A server of the protocol whose lists hold one key each: the real one here can make no second page. */
  async function onePageEach(keys: readonly string[]): Promise<Server> {
    const pages = createServer(({ url = '' }, response) => {
      const { searchParams } = new URL(url, 'http://x')
      if (!searchParams.has('list-type')) return response.writeHead(206, { etag: '"1"', 'content-length': 1 }).end('x')
      const at = Number(searchParams.get('continuation-token') ?? 0)
      const next = `<IsTruncated>true</IsTruncated><NextContinuationToken>${at + 1}</NextContinuationToken>`
      const entry = `<Contents><Key>${keys[at]}</Key><Size>1</Size><ETag>"1"</ETag></Contents>`
      response.setHeader('content-type', 'application/xml')
      return response.end(`<ListBucketResult>${at + 1 < keys.length ? next : ''}${entry}</ListBucketResult>`)
    }).listen(0, '127.0.0.1')
    await once(pages, 'listening')
    return pages
  }

  test.each([
    ['is listed to its end, page by page', ['many/a.txt', 'many/b.txt', 'many/c/d.txt'], undefined],
    ['with a path that leaves it is refused', ['many/a.txt', 'many/../../a.txt'], 'unsafe_name'],
    ['with two paths that are one elsewhere is refused', ['many/a.txt', 'many/A.txt'], 'archive_invalid'],
  ])('%s', async (_, keys, code) => {
    const pages = await onePageEach(keys)
    const { port } = pages.address() as AddressInfo
    const s3 = { endpoint: `http://127.0.0.1:${port}`, credentials }
    const opened = openSource('s3://data/many/', { s3 })
    if (code !== undefined) await expect(opened).rejects.toMatchObject({ code })
    // A header and a block for each, and two blocks at the end.
    else expect((await collectBytes((await opened).stream())).length).toBe(keys.length * 1_024 + 1_024)
    pages.close()
    pages.closeAllConnections()
  })

  test.each([
    ['that is empty', 'nothing/', undefined, 'archive_invalid'],
    ['with what runs when it is loaded', 'weights/', 'weights/model.pkl', 'unsafe_format'],
  ])('%s is refused', async (_, prefix, key, code) => {
    if (key !== undefined) await put(key, Buffer.from('\x80\x04\x95\x0c', 'latin1'))
    await expect(openFolderOf(`s3://data/${prefix}`)).rejects.toMatchObject({ code })
  })

  test('of a bucket that is not there', async () => {
    await expect(openFolderOf('s3://other/a/')).rejects.toMatchObject({ code: 'source_unavailable' })
  })
})

test('an endpoint where nobody answers', async () => {
  const attempt = openS3('s3://data/x', { endpoint: 'http://127.0.0.1:1', credentials })
  await expect(attempt).rejects.toMatchObject({ code: 'source_unavailable' })
})
