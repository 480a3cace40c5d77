import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { readRows } from '../content/readRows.js'
import { collectBytes } from '../content/readStream.js'
import { openFile } from './openFile.js'
import { openFolder } from './openFolder.js'

const base = mkdtempSync(join(tmpdir(), 'agorai-folder-'))
let folder: string
let count = 0
beforeEach(() => {
  folder = join(base, `case-${count++}`, 'birds')
  mkdirSync(folder, { recursive: true })
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

function put(path: string, content: string | Uint8Array = 'x'): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), content)
}

async function rowsOf(stream: AsyncIterable<Uint8Array>): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for await (const row of readRows('tar', stream)) rows.push(JSON.parse(new TextDecoder().decode(row)))
  return rows
}

const longPath = `${'ü'.repeat(60)}/${'long '.repeat(40).trim()}.txt`

test('the files of a folder are its rows, and any tar unpacks what was packed', async () => {
  const contents: Record<string, string | Uint8Array> = {
    'b.txt': 'two',
    'a/empty.txt': '',
    'a.txt': 'a',
    'B.md': '# B',
    'a/block.bin': new Uint8Array(512).fill(7),
    'a/more.bin': new Uint8Array(513).fill(8),
    [longPath]: 'a long way',
    'Ünïcode ✓.txt': 'é',
  }
  for (const [path, content] of Object.entries(contents)) put(path, content)
  const source = await openFolder(folder)
  expect(source).toMatchObject({
    fileName: 'birds.tar',
    mediaType: 'application/x-tar',
    format: { rowFormat: 'tar', family: 'text' },
  })
  const tar = await collectBytes(source.stream())
  expect(tar.length).toBe(source.bytes)

  const rows = await rowsOf(source.stream())
  const bytesOf = (path: string) => Buffer.from(contents[path] ?? 'missing')
  const paths = Object.keys(contents).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const { createHash } = await import('node:crypto')
  expect(rows).toEqual(
    paths.map((path) => ({
      bytes: bytesOf(path).length,
      path,
      sha256: `0x${createHash('sha256').update(bytesOf(path)).digest('hex')}`,
    })),
  )

  const target = join(folder, '..', 'unpacked')
  mkdirSync(target)
  writeFileSync(join(folder, '..', 'birds.tar'), tar)
  execFileSync('tar', ['xf', join(folder, '..', 'birds.tar'), '-C', target])
  execFileSync('diff', ['-r', folder, target])
})

test('equal folders are equal contents, whenever they were written', async () => {
  put('a.txt', 'a')
  put('sub/b.txt', 'b')
  const first = await collectBytes((await openFolder(folder)).stream())
  utimesSync(join(folder, 'a.txt'), 1_000, 1_000)
  expect(Buffer.from(await collectBytes((await openFolder(folder)).stream())).equals(first)).toBe(true)
})

test('hidden files, links and what is no file are left out, and said', async () => {
  put('a.txt')
  put('.git/config')
  put('sub/.DS_Store')
  symlinkSync('/etc/passwd', join(folder, 'passwd'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const source = await openFolder(folder)
  expect((await rowsOf(source.stream())).map(({ path }) => path)).toEqual(['a.txt'])
  expect(source.leftOut?.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: '.git', reason: 'hidden' },
    { path: 'passwd', reason: 'a link' },
    { path: 'pipe', reason: 'no file' },
    { path: 'sub/.DS_Store', reason: 'hidden' },
  ])
})

test.each([
  ['an empty folder', () => undefined, 'archive_invalid', 'It holds no files.'],
  [
    'two names that differ by case alone',
    () => ['Bird.txt', 'bird.txt'].map((path) => put(path)),
    'archive_invalid',
    'stands twice',
  ],
  ['a name with a backslash', () => put('a\\b.txt'), 'unsafe_name', 'not safe'],
  ['a name with a line break', () => put('a\nb.txt'), 'unsafe_name', 'not safe'],
  ['a name that turns the text around', () => put('a\u202Etxt.exe'), 'unsafe_name', 'not safe'],
  ['a reserved name', () => put('sub/con.txt'), 'unsafe_name', 'reserved'],
  ['a pickle by its name', () => put('sub/model.pkl'), 'unsafe_format', 'sub/model.pkl: The file runs Python code'],
  [
    'a pickle by its bytes',
    () => put('w.bin', Buffer.from('80049508000000000000008c0462696e6494', 'hex')),
    'unsafe_format',
    'w.bin',
  ],
  ['a program', () => put('run', Buffer.from('7f454c46020101', 'hex')), 'unsafe_format', 'program'],
  [
    'a model whose header lies',
    () => put('w.safetensors', Buffer.from('ffffff00000000007b7d', 'hex')),
    'content_unreadable',
    'w.safetensors',
  ],
])('refuses %s', async (_, make, code, message) => {
  make()
  await expect(openFolder(folder)).rejects.toMatchObject({ code, shortMessage: expect.stringContaining(message) })
})

test('a file that changes after the folder was opened ends the reading', async () => {
  put('a.txt', 'a')
  const source = await openFolder(folder)
  put('a.txt', 'b')
  await expect(collectBytes(source.stream())).rejects.toMatchObject({ code: 'source_changed' })
})

test('a pipe, a folder and nothing are no files', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')])
  for (const path of [join(folder, 'pipe'), folder, join(folder, 'missing')])
    await expect(openFile(path)).rejects.toMatchObject({ code: 'invalid_request' })
  await expect(openFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'invalid_request' })
})
