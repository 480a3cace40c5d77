import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openSource } from './openSource.js'

const table = 'name,price\nwheat,12\nbarley,7\n'
let folder: string
let server: Server
let base: string
const served: Record<string, Buffer> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-source-'))
  server = createServer((request, response) => {
    const content = served[decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname.slice(1))]
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (content === undefined) return response.writeHead(404).end()
    if (from === undefined || request.url?.includes('whole'))
      return response.writeHead(200, { 'content-length': content.length }).end(content)
    const part = content.subarray(Number(from), Number(to) + 1)
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`
    return response.writeHead(206, { 'content-range': range, 'content-length': part.length }).end(part)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const local = { insecure: true, ports: 'any', isAllowed: () => true } as const
const open = (reference: string) => openSource(reference, { fetch: local })
const textOf = async (source: Awaited<ReturnType<typeof open>>) =>
  Buffer.from(await collectBytes(source.stream())).toString()

test('a file, a folder and an archive on this machine, with an identity that follows their bytes', async () => {
  const file = join(folder, 'grain.csv')
  await writeFile(file, table)
  const source = await open(file)
  expect([source.format.rowFormat, source.fileName, await textOf(source)]).toEqual(['csv', 'grain.csv', table])
  expect((await open(file)).identity).toBe(source.identity)
  await utimes(file, new Date(1), new Date(1))
  expect((await open(file)).identity).not.toBe(source.identity)

  const inside = join(folder, 'pictures')
  await mkdir(inside)
  await writeFile(join(inside, 'a.txt'), 'a')
  const before = await open(inside)
  expect(before.format.rowFormat).toBe('tar')
  await writeFile(join(inside, 'b.txt'), 'b')
  expect((await open(inside)).identity).not.toBe(before.identity)

  await writeFile(join(folder, 'grain.csv.gz'), gzipSync(table))
  const unpacked = await open(join(folder, 'grain.csv.gz'))
  expect([unpacked.format.rowFormat, await textOf(unpacked)]).toEqual(['csv', table])
  await unpacked.close?.()
})

test('a file behind a URL is what its bytes say, whatever it is called', async () => {
  served['the grain?.csv'] = Buffer.from(table)
  const source = await open(`${base}/the%20grain%3F.csv`)
  expect([source.format.rowFormat, source.fileName, await textOf(source)]).toEqual(['csv', 'the_grain_.csv', table])
  const columns = [{ name: 'price', data: [12, 7], type: 'INT32' as const }]
  served.download = Buffer.from(parquetWriteBuffer({ columnData: columns }))
  expect((await open(`${base}/download`)).format.rowFormat).toBe('parquet')
})

test('what can only be read as a whole is copied first, and the copy is removed', async () => {
  served['grain.csv'] = Buffer.from(table)
  const copies = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('agorai-source-'))
  const before = await copies()
  const copied: number[] = []
  const source = await openSource(`${base}/grain.csv?whole`, { fetch: local, onCopied: (bytes) => copied.push(bytes) })
  expect([source.path !== undefined, source.read !== undefined, copied.at(-1)]).toEqual([true, true, table.length])
  expect(await textOf(source)).toBe(table)
  await source.close?.()
  expect(await copies()).toEqual(before)
  served['model.pkl'] = Buffer.from('\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x05hello\x94.', 'latin1')
  await expect(open(`${base}/model.pkl?whole`)).rejects.toMatchObject({ code: 'unsafe_format' })
  expect(await copies()).toEqual(before)
})

test.each([
  ['a pickle', 'model.pkl', '\x80\x04.', 'unsafe_format'],
  ['an archive of somebody else', 'a.zip', 'PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'invalid_request'],
])('%s behind a URL is refused', async (_, name, bytes, code) => {
  served[name] = Buffer.from(bytes, 'latin1')
  await expect(open(`${base}/${name}`)).rejects.toMatchObject({ code })
})

test.each([
  ['ftp://host/a', 'invalid_request'],
  ['file:///etc/passwd', 'invalid_request'],
  ['/nothing/here', 'invalid_request'],
  ['ipfs://bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku', 'invalid_request'],
  ['chain:eip155:1', 'invalid_request'],
  ['http://example.org/a', 'unsafe_url'],
  ['https://127.0.0.1/a', 'unsafe_url'],
])('%s without more is refused', async (reference, code) => {
  await expect(openSource(reference)).rejects.toMatchObject({ code })
})
