import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ZipFile } from 'yazl'
import { collectBytes } from '../../content/readStream.js'
import { openSource } from './openSource.js'

const table = 'name,price\nwheat,12\nbarley,7\n'
let folder: string
let server: Server
let base: string
const served: Record<string, Buffer> = {}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-source-'))
  // What is copied is copied there, where nobody else does.
  vi.stubEnv('TMPDIR', folder)
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
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

const local = { insecure: true, ports: 'any', isAllowed: () => true } as const
const open = (reference: string) => openSource(reference, { fetch: local })
const textOf = async (source: Awaited<ReturnType<typeof open>>) =>
  Buffer.from(await collectBytes(source.stream())).toString()

async function zipOf(files: Record<string, string>): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name)
  zip.end()
  return Buffer.from(await collectBytes(zip.outputStream as AsyncIterable<Uint8Array>))
}

async function tarOf(name: string): Promise<Buffer> {
  const tar = pack()
  tar.entry({ name }, 'x')
  tar.finalize()
  return Buffer.from(await collectBytes(tar as AsyncIterable<Uint8Array>))
}

const copies = async () => (await readdir(tmpdir())).filter((name) => /^agorai-(source|unpack)-/.test(name))

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

test('an archive behind a URL is copied, and opened as one of this machine; closing removes the copies', async () => {
  served['grain.csv.gz'] = gzipSync(table)
  served['grains.zip'] = await zipOf({ 'a.txt': 'wheat', '.hidden': 'x', 'b/c.txt': 'barley' })
  const before = await copies()
  const [file, zip, same] = await Promise.all(
    ['grain.csv.gz', 'grains.zip', 'grains.zip?whole'].map((name) => open(`${base}/${name}`)),
  )
  expect([file?.fileName, file && (await textOf(file))]).toEqual(['grain.csv', table])
  expect([zip?.fileName, zip?.format.rowFormat, zip?.leftOut?.length]).toEqual(['grains.tar', 'tar', 1])
  expect(zip && (await textOf(zip))).toBe(same && (await textOf(same)))
  for (const source of [file, zip, same]) await source?.close?.()
  expect(await copies()).toEqual(before)
})

test('what is damaged or would leave its folder is refused behind a URL as it is here, and no copy stays', async () => {
  served['cut.gz'] = gzipSync(table).subarray(0, -9)
  served['slip.tar'] = await tarOf('../../etc/cron.d/a')
  const before = await copies()
  await expect(open(`${base}/cut.gz`)).rejects.toMatchObject({ code: 'archive_invalid' })
  await expect(open(`${base}/slip.tar`)).rejects.toMatchObject({ code: 'unsafe_name' })
  expect(await copies()).toEqual(before)
})

test('what does not fit on this machine is not begun', async () => {
  const vast = createServer((_, response) => {
    response.writeHead(200, { 'content-length': 10 ** 14 }).write('PK\x03\x04')
  }).listen(0, '127.0.0.1')
  await once(vast, 'listening')
  const before = await copies()
  const attempt = open(`http://127.0.0.1:${(vast.address() as AddressInfo).port}/vast.zip`)
  await expect(attempt).rejects.toMatchObject({ code: 'storage_full' })
  expect(await copies()).toEqual(before)
  vast.closeAllConnections()
  vast.close()
})

test.each([
  ['a pickle', 'model.pkl', '\x80\x04.', 'unsafe_format'],
  ['an archive that is none', 'a.zip', 'PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'archive_invalid'],
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
