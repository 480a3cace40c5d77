import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { extract, pack } from 'tar-stream'
import { afterAll, describe, expect, test } from 'vitest'
import { collectBytes } from '../readStream.js'
import { checkPath, comparePaths } from './checkPath.js'
import { readTarFiles } from './readTar.js'
import { paddingOf, tarHeader, trailerBytes } from './tar.js'

const folder = mkdtempSync(join(tmpdir(), 'agorai-tar-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type File = { path: string; content: Uint8Array }
const file = (path: string, text = path): File => ({ path, content: new TextEncoder().encode(text) })

const tarOf = (files: readonly File[]): Uint8Array =>
  Buffer.concat([
    ...files.flatMap(({ path, content }) => [
      tarHeader(path, content.length),
      content,
      new Uint8Array(paddingOf(content.length)),
    ]),
    new Uint8Array(trailerBytes),
  ])

async function* sliced(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function filesOf(tar: Uint8Array, size = 65_536): Promise<File[]> {
  const files: File[] = []
  for await (const { path, content } of readTarFiles(sliced(tar, size)))
    files.push({ path, content: await collectBytes(content) })
  return files
}

const refused = { code: 'rows_invalid' }

test('any folder comes back as it was, cut anywhere, and as another reader of tar sees it', async () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 90 })
    .map((text) => text.replace(/[^\p{L}\p{N}_ -]/gu, '_').trim() || 'x')
  const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'))
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 1_200 })), {
        maxLength: 6,
        selector: ([each]) => each.normalize('NFC'),
      }),
      fc.integer({ min: 1, max: 2_000 }),
      async (given, size) => {
        const safe = given
          .filter(([each]) => isSafe(each))
          .map(([each, content]) => ({ path: checkPath(each), content }))
        const files = safe.sort((a, b) => comparePaths(a.path, b.path))
        const tar = tarOf(files)
        const found = await filesOf(tar, size)
        expect(found.map(({ path: each, content }) => [each, Buffer.from(content).toString('hex')])).toEqual(
          files.map(({ path: each, content }) => [each, Buffer.from(content).toString('hex')]),
        )
        const seen: [string | undefined, number][] = []
        const reader = extract()
        reader.end(Buffer.from(tar))
        for await (const entry of reader) {
          seen.push([
            entry.header.name,
            (await collectBytes(entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>)).length,
          ])
        }
        expect(seen).toEqual(files.map(({ path: each, content }) => [each, content.length]))
      },
    ),
    { numRuns: 150 },
  )
})

const isSafe = (path: string): boolean => {
  try {
    return checkPath(path) !== ''
  } catch {
    return false
  }
}

test('a file of more than eight gibibytes has its length in a pax header, which tar reads', () => {
  const bytes = 9 * 1024 ** 3
  const path = join(folder, 'large.tar')
  writeFileSync(path, tarHeader('large.bin', bytes))
  const listed = execFileSync('sh', ['-c', `tar tvf ${path} 2>/dev/null || true`]).toString()
  expect(listed).toContain(String(bytes))
})

describe('nothing but the one tar that a folder has is read', () => {
  test('not files out of order, nor twice', async () => {
    await expect(filesOf(tarOf([file('b'), file('a')]))).rejects.toMatchObject(refused)
    await expect(filesOf(tarOf([file('a'), file('a')]))).rejects.toMatchObject(refused)
  })

  test("not another program's tar of the same files", async () => {
    const packer = pack()
    packer.entry({ name: 'a', mtime: new Date(1) }, 'a')
    packer.finalize()
    await expect(filesOf(await collectBytes(packer as AsyncIterable<Uint8Array>))).rejects.toMatchObject(refused)
  })

  test.each(['../a', '/a', 'a/../b', 'con', 'a\\b', '.a', 'e\u0301'])('not a path such as %s', async (path) => {
    await expect(filesOf(tarOf([file(path)]))).rejects.toMatchObject({
      code: expect.stringMatching(/unsafe_name|rows_invalid/),
    })
  })

  test('not one that is cut, or goes on after its end', async () => {
    const tar = tarOf([file('a', 'x'.repeat(700)), file('ü/b')])
    for (let length = 0; length < tar.length; length += 64)
      await expect(filesOf(tar.subarray(0, length))).rejects.toMatchObject(refused)
    await expect(filesOf(Buffer.concat([tar, new Uint8Array(512)]))).rejects.toMatchObject(refused)
  })

  test('not one in which any byte but those of the files is another', async () => {
    const content = 'the bytes of the file'
    const tar = tarOf([file('ü', content), file('z', content)])
    const isContent = (at: number): boolean => {
      const text = Buffer.from(tar).indexOf(content)
      const again = Buffer.from(tar).indexOf(content, text + 1)
      return [text, again].some((start) => at >= start && at < start + content.length)
    }
    for (let at = 0; at < tar.length; at++) {
      const changed = tar.slice()
      changed[at] = (changed[at] ?? 0) ^ 0x01
      if (isContent(at)) expect(await filesOf(changed)).toHaveLength(2)
      else
        await expect(filesOf(changed)).rejects.toMatchObject({
          code: expect.stringMatching(/^(unsafe_name|rows_invalid)$/),
        })
    }
  })
})
