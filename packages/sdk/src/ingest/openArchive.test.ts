import { createWriteStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { afterAll, describe, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { readRows } from '../content/readRows.js'
import { collectBytes } from '../content/readStream.js'
import type { LocalSource } from './localSource.js'
import { openArchive } from './openArchive.js'
import { openFile } from './openFile.js'

const folder = mkdtempSync(join(tmpdir(), 'agorai-archive-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function save(ending: string, bytes: Uint8Array): string {
  const path = join(folder, `birds-${count++}.${ending}`)
  writeFileSync(path, bytes)
  return path
}

async function zipOf(files: Record<string, string | Uint8Array>, options = {}): Promise<string> {
  const path = join(folder, `birds-${count++}.zip`)
  const zip = new ZipFile()
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, options)
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(path))
  return path
}

/** One entry of a zip that says whatever it likes. */
type RawEntry = {
  name: string | Uint8Array
  content?: string | Uint8Array
  /** Lengths and checksum that it states. */
  bytes?: number
  sum?: number
  mode?: number
  flags?: number
  method?: number
  /** Name in its own header. */
  localName?: string
  /** Points to the header of this entry instead of its own. */
  over?: number
}

/** A zip put together by hand, as no honest program would. */
function rawZip(entries: readonly RawEntry[]): Uint8Array {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  const offsets: number[] = []
  let at = 0
  for (const { name, content = 'x', bytes, sum, mode, flags = 0x800, method = 8, localName, over } of entries) {
    const plain = Buffer.from(content)
    const packed = method === 8 ? deflateRawSync(plain) : plain
    const fields = (title: Buffer): Buffer => {
      const block = Buffer.alloc(26)
      block.writeUInt16LE(20, 0)
      block.writeUInt16LE(flags, 2)
      block.writeUInt16LE(method, 4)
      block.writeUInt32LE(sum ?? crc32(plain), 10)
      block.writeUInt32LE(packed.length, 14)
      block.writeUInt32LE(bytes ?? plain.length, 18)
      block.writeUInt16LE(title.length, 22)
      return block
    }
    const title = Buffer.from(name)
    const localTitle = Buffer.from(localName ?? name)
    offsets.push(over === undefined ? at : (offsets[over] ?? 0))
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields(localTitle), localTitle, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(((mode ?? 0o100644) << 16) >>> 0, 6)
    tail.writeUInt32LE(offsets.at(-1) ?? 0, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), fields(title), tail, title]))
    locals.push(local)
    at += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...locals, directory, end])
}

async function tarOf(entries: readonly (Partial<Header> & { name: string; content?: string })[]): Promise<Buffer> {
  const packer = pack()
  for (const { content = '', ...header } of entries) packer.entry(header, content)
  packer.finalize()
  return Buffer.from(await collectBytes(packer as AsyncIterable<Uint8Array>))
}

async function rowsOf(source: LocalSource): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const row of readRows(source.format.rowFormat, source.stream()))
    rows.push(JSON.parse(new TextDecoder().decode(row)))
  return rows
}

const pathsOf = async (source: LocalSource) => (await rowsOf(source)).map(({ path }) => path)

/** Opens it and reads all of it: some lies are seen only then. */
async function take(path: string): Promise<void> {
  const source = await openArchive(path)
  try {
    await collectBytes(source.stream())
  } finally {
    await source.close?.()
  }
}

const birds = { 'wren.txt': 'small', 'sea/gull.txt': 'loud', 'empty.txt': '' }

describe('the same files are the same content', () => {
  const contents = (): Promise<Uint8Array[]> =>
    Promise.all(
      [
        zipOf(birds),
        zipOf(birds, { compress: false }),
        tarOf(Object.entries(birds).map(([name, content]) => ({ name, content }))).then((tar) => save('tar', tar)),
        tarOf(Object.entries(birds).map(([name, content]) => ({ name: `./${name}`, content }))).then((tar) =>
          save('tgz', gzipSync(tar)),
        ),
      ].map(async (path) => {
        const source = await openArchive(await path)
        const bytes = await collectBytes(source.stream())
        expect(bytes.length).toBe(source.bytes)
        await source.close?.()
        return bytes
      }),
    )

  test('from zip, tar, and tar in gzip, in whatever order they were packed', async () => {
    const [first, ...others] = await contents()
    for (const other of others) expect(Buffer.from(other).equals(first ?? Buffer.alloc(0))).toBe(true)
  })

  test('and its rows are its files', async () => {
    expect(await pathsOf(await openArchive(await zipOf(birds)))).toEqual(['empty.txt', 'sea/gull.txt', 'wren.txt'])
  })
})

test('a file in gzip is that file, and its temporary copy goes', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('agorai-unpack-')).length
  const source = await openArchive(save('csv.gz', gzipSync('a,b\n1,2\n')))
  expect(source.format).toMatchObject({ rowFormat: 'csv', mediaType: 'text/csv' })
  expect(await rowsOf(source)).toEqual([{ a: '1', b: '2' }])
  expect(await source.read?.(2, 5)).toEqual(new TextEncoder().encode('b\n1'))
  await source.close?.()
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('agorai-unpack-'))).toHaveLength(before)
})

test('archives in archives stay files, hidden files are left out, folders are no files', async () => {
  const inner = rawZip([{ name: 'a' }])
  const source = await openArchive(
    save(
      'zip',
      rawZip([
        { name: 'inner.zip', content: inner },
        { name: '__MACOSX/._x' },
        { name: '.git/config' },
        { name: 'sub/', content: '', mode: 0o040755 },
      ]),
    ),
  )
  expect(await pathsOf(source)).toEqual(['inner.zip'])
  expect(source.leftOut?.map(({ path }) => path)).toEqual(['__MACOSX/._x', '.git/config'])
})

test('an archive that contains itself is a file like any other', async () => {
  const quine = rawZip([{ name: 'r/r.zip', content: rawZip([{ name: 'r/r.zip' }]) }])
  expect(await pathsOf(await openArchive(save('zip', quine)))).toEqual(['r/r.zip'])
})

const unsafeNames = {
  'a path out of the folder': '../../etc/passwd',
  'a path out of the folder, from inside': 'a/../../b',
  'an absolute path': '/etc/passwd',
  'a drive': 'C:\\windows\\a.txt',
  'a drive with slashes': 'C:/windows/a.txt',
  'a backslash': 'a\\..\\b',
  NUL: 'a\0b.txt',
  'text that turns around': 'gnp.\u202Eexe',
  'a reserved name': 'sub/CON.txt',
  'a reserved device': 'aux',
  'four kilobytes': `${'a/'.repeat(2_048)}b`,
  'a long name': 'n'.repeat(300),
  'a dot at the end': 'a./b',
  'nothing between slashes': 'a//b',
  'zero width': 'a\u200Bb',
}

describe('a name that is not safe is refused', () => {
  test.each(Object.entries(unsafeNames))('in a zip: %s', async (_, name) => {
    await expect(take(save('zip', rawZip([{ name }])))).rejects.toMatchObject({ code: 'unsafe_name' })
  })

  test.each(Object.entries(unsafeNames).filter(([kind]) => kind !== 'NUL'))('in a tar: %s', async (_, name) => {
    await expect(take(save('tar', await tarOf([{ name, content: 'x' }])))).rejects.toMatchObject({
      code: 'unsafe_name',
    })
  })
})

const zeros = (mebibytes: number): Uint8Array => new Uint8Array(mebibytes * 1_048_576)

const badZips: Record<string, [RawEntry[], string]> = {
  'a link': [[{ name: 'a', mode: 0o120777, content: '/etc/passwd' }], 'link'],
  'a device': [[{ name: 'a', mode: 0o020666 }], 'device'],
  'an entry that stands twice': [[{ name: 'a' }, { name: 'a' }], 'twice'],
  'entries that differ by case': [[{ name: 'a/B' }, { name: 'A/b' }], 'case'],
  'entries that differ by how letters are put together': [[{ name: 'é' }, { name: 'e\u0301' }], 'twice'],
  'a file where another has its folder': [[{ name: 'a' }, { name: 'a/b' }], 'twice'],
  'entries over one another': [
    [
      { name: 'a', content: 'abc' },
      { name: 'b', content: 'abc', over: 0 },
    ],
    'lies over',
  ],
  'a password': [[{ name: 'a', flags: 0x801 }], 'encrypted'],
  'an unknown compression': [[{ name: 'a', method: 12 }], 'deflate'],
  'a length that is too short': [[{ name: 'a', content: 'twelve bytes', bytes: 3 }], 'unpacked'],
  'a length that is too long': [[{ name: 'a', content: 'twelve bytes', bytes: 300 }], 'unpacked'],
  'a checksum that is wrong': [[{ name: 'a', sum: 1 }], 'checksum'],
  'a header that says another name': [[{ name: 'a', localName: 'b' }], 'header'],
  'a name that is no text': [[{ name: Uint8Array.of(0xff, 0xfe) }], 'UTF-8'],
  'a folder with bytes': [[{ name: 'a/', content: 'x' }], 'folder'],
  'no files': [[], 'no files'],
}

describe('a zip is refused', () => {
  test.each(Object.entries(badZips))('for %s', async (_, [entries, message]) => {
    await expect(take(save('zip', rawZip(entries)))).rejects.toMatchObject({
      code: 'archive_invalid',
      shortMessage: expect.stringContaining(message),
    })
  })

  test('for what it would unpack to, before any of it is unpacked', async () => {
    const bomb = rawZip([{ name: 'zeros', bytes: 2 ** 31 }])
    await expect(openArchive(save('zip', bomb))).rejects.toMatchObject({ code: 'archive_invalid' })
  })

  test('for more archives inside of it than anybody packs', async () => {
    const entries = Array.from({ length: 101 }, (_, index) => ({
      name: `${index}.zip`,
      content: rawZip([{ name: 'a' }]),
    }))
    await expect(take(save('zip', rawZip(entries)))).rejects.toMatchObject({
      code: 'archive_invalid',
      shortMessage: expect.stringContaining('archives'),
    })
  })

  test('cut anywhere', async () => {
    const whole = rawZip([
      { name: 'a', content: 'abc' },
      { name: 'b', content: 'defg' },
    ])
    for (let length = 4; length < whole.length; length += 7)
      await expect(take(save('zip', whole.subarray(0, length)))).rejects.toMatchObject({ code: 'archive_invalid' })
  })
})

describe('gzip', () => {
  test('that unpacks to far more than it is stops before the disk is full', async () => {
    const bomb = gzipSync(zeros(300), { level: 9 })
    expect(bomb.length).toBeLessThan(400_000)
    await expect(take(save('csv.gz', bomb))).rejects.toMatchObject({ code: 'archive_invalid' })
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('agorai-unpack-'))).toHaveLength(0)
  })

  test('that is cut, or flipped, is refused', async () => {
    const whole = gzipSync('some text that is long enough')
    await expect(take(save('txt.gz', whole.subarray(0, -5)))).rejects.toMatchObject({ code: 'archive_invalid' })
    whole[15] = (whole[15] ?? 0) ^ 0xff
    await expect(take(save('txt.gz', whole))).rejects.toMatchObject({ code: 'archive_invalid' })
  })
})

describe('a tar is refused', () => {
  test.each([
    ['a symbolic link', { name: 'a', type: 'symlink', linkname: '/etc/passwd' } as const],
    ['a hard link', { name: 'a', type: 'link', linkname: 'b' } as const],
    ['a device', { name: 'a', type: 'character-device' } as const],
    ['a pipe', { name: 'a', type: 'fifo' } as const],
  ])('for %s', async (_, entry) => {
    await expect(take(save('tar', await tarOf([entry])))).rejects.toMatchObject({ code: 'archive_invalid' })
  })

  test('for an entry that stands twice, and one that is longer than the archive', async () => {
    const twice = await tarOf([
      { name: 'a', content: '1' },
      { name: 'a', content: '2' },
    ])
    await expect(take(save('tar', twice))).rejects.toMatchObject({ code: 'archive_invalid' })
    const cut = (await tarOf([{ name: 'a', content: 'x'.repeat(5_000) }])).subarray(0, 2_048)
    await expect(take(save('tar', cut))).rejects.toMatchObject({ code: 'archive_invalid' })
  })

  test('for a header that is damaged', async () => {
    const tar = await tarOf([{ name: 'a', content: '1' }])
    tar[3] = 0x41
    await expect(take(save('tar', tar))).rejects.toMatchObject({ code: 'archive_invalid' })
  })
})

test('long names and any letters come through a tar', async () => {
  const name = `${'long-'.repeat(30)}/ünï-✓.txt`
  expect(await pathsOf(await openArchive(save('tar', await tarOf([{ name, content: 'x' }]))))).toEqual([name])
})

test('what runs when it is loaded is refused inside of archives too', async () => {
  const pickle = Buffer.from('80025d7100580500000068656c6c6f71012e', 'hex')
  for (const files of [
    { 'model.pkl': 'x' },
    { 'weights.bin': pickle },
    { 'archive/data.pkl': pickle },
    { 'a.exe': 'MZ' },
  ])
    await expect(take(await zipOf(files))).rejects.toMatchObject({ code: 'unsafe_format' })
  await expect(take(save('tgz', gzipSync(await tarOf([{ name: 'a/model.pt', content: 'x' }]))))).rejects.toMatchObject({
    code: 'unsafe_format',
  })
  await expect(openFile(await zipOf({ 'archive/data.pkl': pickle, 'archive/version': '3' }))).rejects.toMatchObject({
    code: 'unsafe_format',
  })
})

test('what is no archive is said to be none', async () => {
  await expect(openArchive(save('zip', Buffer.from('hello')))).rejects.toMatchObject({ code: 'archive_invalid' })
  await expect(openArchive(join(folder, 'missing.zip'))).rejects.toMatchObject({ code: 'invalid_request' })
})
