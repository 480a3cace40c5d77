import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAgoraiError } from '@agorai/core'
import { CarWriter } from '@ipld/car'
import { type ImportCandidate, type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { afterAll, describe, expect, test } from 'vitest'
import { collectBytes } from '../../content/readStream.js'
import { openSource } from '../sources/openSource.js'

type Block = { cid: CID; bytes: Uint8Array }

const folder = mkdtempSync(join(tmpdir(), 'agorai-car-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function save(bytes: Uint8Array, name = `car-${count++}.car`): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** What `ipfs add` makes of files: their blocks in the order of writing, the root the last one. */
async function add(candidates: ImportCandidate[], options: ImporterOptions = {}): Promise<Block[]> {
  const blocks: Block[] = []
  const store = {
    async put(cid: CID, bytes: Uint8Array) {
      blocks.push({ cid, bytes })
      return cid
    },
  } as unknown as Parameters<typeof importer>[1]
  for await (const _ of importer(candidates, store, options));
  return blocks
}

async function carOf(blocks: readonly Block[], roots = blocks.slice(-1).map(({ cid }) => cid)): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create(roots)
  const written = (async () => {
    for (const block of blocks) await writer.put(block)
    await writer.close()
  })()
  const bytes = await collectBytes(out)
  await written
  return bytes
}

const [raw, dagPb] = [0x55, 0x70]
const blockOf = (codec: number, bytes: Uint8Array): Block => ({
  cid: CID.createV1(codec, create(0x12, createHash('sha256').update(bytes).digest())),
  bytes,
})

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}
const field = (number: number, bytes: Uint8Array | readonly number[]) => [
  number * 8 + 2,
  ...varint(bytes.length),
  ...bytes,
]

/** An inner node as a hostile program may write it. */
function node(type: number, links: { to: Block; name?: string; bytes?: number }[], data?: Uint8Array): Block {
  const bytes = links.reduce((sum, link) => sum + (link.bytes ?? 0), 0)
  const unixfs = [
    ...[8, type],
    ...(data === undefined ? [] : field(2, data)),
    ...(type === 2 ? [24, ...varint(bytes)] : []),
    ...(type === 2 ? links.flatMap((link) => [32, ...varint(link.bytes ?? 0)]) : []),
  ]
  const encoded = links.flatMap(({ to, name = '' }) =>
    field(2, [...field(1, to.cid.bytes), ...field(2, new TextEncoder().encode(name)), 24, 0]),
  )
  return blockOf(dagPb, Uint8Array.from([...encoded, ...field(1, unixfs)]))
}
const [folderType, fileType, linkType] = [1, 2, 4]

async function contentOf(path: string): Promise<Buffer> {
  const source = await openSource(path)
  const bytes = await collectBytes(source.stream())
  expect(bytes.length).toBe(source.bytes)
  return Buffer.from(bytes)
}

const codeOf = (path: string): Promise<string> =>
  contentOf(path).then(
    () => 'none',
    (error: unknown) => (isAgoraiError(error) ? error.code : String(error)),
  )

describe('a CAR file', () => {
  test('of one file is that file, whatever order its blocks are in', async () => {
    const content = randomBytes(20_000_000)
    const blocks = await add([{ content }])
    for (const order of [blocks, blocks.toReversed(), [...blocks, ...blocks]]) {
      const path = save(await carOf(order, [blocks.at(-1)?.cid as CID]), `rows-${count++}.bin.car`)
      const source = await openSource(path)
      expect(source.fileName).toMatch(/^rows-\d+\.bin$/)
      expect(content.equals(await contentOf(path))).toBe(true)
      const part = await source.read?.(262_140, 262_150)
      expect(content.subarray(262_140, 262_150).equals(part ?? content)).toBe(true)
    }
  })

  test('is known by its bytes, and what is in it by its own', async () => {
    const path = save(await carOf(await add([{ content: Buffer.from('a,b\n1,2\n') }])), 'no-ending')
    expect((await openSource(path)).format).toMatchObject({ rowFormat: 'binary', family: 'text' })
    const named = save(readFileSync(path), 'rows.csv.car')
    expect(await openSource(named)).toMatchObject({ fileName: 'rows.csv', format: { rowFormat: 'csv' } })
    const old = await carOf(await add([{ content: Buffer.from('a') }], { cidVersion: 0, rawLeaves: false }))
    expect((await contentOf(save(old))).toString()).toBe('a')
    expect(await contentOf(save(await carOf(await add([{ content: Buffer.from('') }]))))).toHaveLength(0)
  })

  test('of version 2 is read as the one of version 1 in it', async () => {
    const inner = await carOf(await add([{ content: Buffer.from('two') }]))
    const head = Buffer.alloc(51)
    head.set([0x0a, 0xa1, 0x67, ...Buffer.from('version'), 0x02])
    head.writeBigUInt64LE(51n, 27)
    head.writeBigUInt64LE(BigInt(inner.length), 35)
    expect((await contentOf(save(Buffer.concat([head, inner, randomBytes(100)])))).toString()).toBe('two')
  })

  test('of a folder is the tar of its files, those of a sharded folder too', async () => {
    const files = Array.from({ length: 300 }, (_, index) => ({
      path: `birds/${index % 3}/${index}.txt`,
      content: Buffer.from(`bird ${index}`),
    }))
    const plain = await contentOf(
      save(await carOf(await add([...files, { path: 'birds/.hidden', content: files[0]?.content }]))),
    )
    const sharded = await carOf(await add(files, { shardSplitThresholdBytes: 100 }))
    expect((await contentOf(save(sharded))).equals(plain)).toBe(true)
    expect(plain.includes('bird 299')).toBe(true)
    const { leftOut, format } = await openSource(
      save(
        await carOf(
          await add([
            { path: 'b/.git', content: Buffer.from('x') },
            { path: 'b/a', content: Buffer.from('y') },
          ]),
        ),
      ),
    )
    expect([leftOut, format.rowFormat]).toEqual([[{ path: '.git', reason: 'hidden' }], 'tar'])
  })
})

describe('what is refused', () => {
  test('a byte changed in any block, whichever is read', async () => {
    const blocks = await add([{ content: randomBytes(1_000_000) }], { chunker: fixedSize({ chunkSize: 100_000 }) })
    expect(blocks).toHaveLength(11)
    for (const [at, { cid, bytes }] of blocks.entries()) {
      const altered = Uint8Array.from(bytes)
      altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1
      expect(await codeOf(save(await carOf(blocks.with(at, { cid, bytes: altered }))))).toBe('integrity_failed')
    }
    for (const at of blocks.keys())
      expect(await codeOf(save(await carOf(blocks.toSpliced(at, 1), [blocks.at(-1)?.cid as CID])))).toBe(
        'archive_invalid',
      )
  })

  test('a file that is cut anywhere', async () => {
    const car = await carOf(await add([{ content: randomBytes(700) }], { chunker: fixedSize({ chunkSize: 300 }) }))
    expect(await codeOf(save(car))).toBe('none')
    // Where a block ends the file may; then one is missing.
    for (let length = 12; length < car.length; length++)
      expect([length, await codeOf(save(car.subarray(0, length), 'cut.car'))]).toEqual([length, 'archive_invalid'])
  })

  test('lengths that lie', async () => {
    const car = Buffer.from(await carOf(await add([{ content: Buffer.from('abc') }])))
    const headLength = 1 + (car[0] ?? 0)
    for (const [at, ...bytes] of [
      [0, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [headLength, 0],
      [headLength, 3],
      [headLength, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
      [headLength, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]) {
      const lied = Buffer.concat([car.subarray(0, at), Buffer.from(bytes), car.subarray((at ?? 0) + 1)])
      expect([bytes, ['archive_invalid', 'none'].includes(await codeOf(save(lied)))]).toEqual([bytes, true])
      if (at !== 0) expect([bytes, await codeOf(save(lied))]).toEqual([bytes, 'archive_invalid'])
    }
  })

  test('roots, codecs, hashes and blocks that are not what is published', async () => {
    const [file] = await add([{ content: Buffer.from('abc') }])
    if (file === undefined) throw new Error('no block')
    const code = async (...given: Parameters<typeof carOf>) => codeOf(save(await carOf(...given)))
    expect(await code([file], [])).toBe('archive_invalid')
    expect(await code([file], [file.cid, file.cid])).toBe('archive_invalid')
    expect(await code([blockOf(0x71, Uint8Array.of(0xa0))])).toBe('archive_invalid')
    expect(await code([blockOf(0x0200, Buffer.from('{}'))])).toBe('archive_invalid')
    expect(await code([blockOf(0x9999, Buffer.from('abc'))])).toBe('archive_invalid')
    expect(await code([blockOf(dagPb, Buffer.from('no node'))])).toBe('archive_invalid')
    const sha512 = {
      cid: CID.createV1(raw, create(0x13, createHash('sha512').update('abc').digest())),
      bytes: Buffer.from('abc'),
    }
    expect(await code([sha512])).toBe('archive_invalid')
    expect(await code([blockOf(raw, new Uint8Array(2 * 1024 * 1024 + 1025))])).toBe('archive_invalid')
    expect(await code([node(linkType, [], Buffer.from('/etc/passwd'))])).toBe('archive_invalid')
    expect(await code([file, node(folderType, [{ to: file, name: 'a/../../b' }])])).toBe('archive_invalid')
    expect(await code([file, node(folderType, [{ to: file, name: '..' }])])).toBe('unsafe_name')
    expect(
      await code([
        file,
        node(folderType, [
          { to: file, name: 'a' },
          { to: file, name: 'A' },
        ]),
      ]),
    ).toBe('archive_invalid')
    expect(await code([file, node(folderType, [{ to: blockOf(0x71, Uint8Array.of(0xa0)), name: 'a' }])])).toBe(
      'archive_invalid',
    )
    expect(await code([file, node(fileType, [{ to: file, bytes: 3 }], Buffer.from('more'))])).toBe('archive_invalid')
    expect(await code([file, node(fileType, [{ to: file, bytes: 9 }])])).not.toBe('none')
  })

  test('a small graph that is endless, in bytes or in folders', async () => {
    const leaf = blockOf(raw, Buffer.from('abc'))
    const doubled = (type: number, bytesOf: (depth: number) => number): Block[] => {
      const blocks = [leaf]
      for (let depth = 0; depth < 40; depth++) {
        const to = blocks.at(-1) as Block
        const link = { to, bytes: bytesOf(depth) }
        blocks.push(
          node(type, [
            { ...link, name: 'a' },
            { ...link, name: 'b' },
          ]),
        )
      }
      return blocks
    }
    expect(await codeOf(save(await carOf(doubled(fileType, (depth) => 3 * 2 ** depth))))).toBe('archive_invalid')
    expect(await codeOf(save(await carOf(doubled(folderType, () => 0))))).toBe('archive_invalid')
  }, 120_000)
})
