import { randomBytes } from 'node:crypto'
import { CarBlockIterator } from '@ipld/car'
import { exporter } from 'ipfs-unixfs-exporter'
import { importFile } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { expect, test } from 'vitest'
import { blocksOf, carBytesOf, leafSpan, readContentDag, writeCar } from './contentDag.js'
import { collectBytes } from './readStream.js'

const block = 262_144

async function* slices(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

test.each([0, 1, block, block + 1, 2 * block, 174 * block, 174 * block + 1, 175 * block + 7])(
  'a content of %i bytes has the blocks that IPFS gives it, and a CAR file that others read',
  async (length) => {
    const content = randomBytes(length)
    const dag = await readContentDag(slices(content))
    const theirs = new Map<string, Uint8Array>()
    const store = {
      async put<cid>(cid: cid, bytes: unknown): Promise<cid> {
        theirs.set(String(cid), bytes as Uint8Array)
        return cid
      },
    }
    const imported = await importFile({ content: slices(content) }, store as never, {
      cidVersion: 1,
      rawLeaves: true,
      chunker: fixedSize({ chunkSize: block }),
      layout: balanced({ maxChildrenPerNode: 174 }),
      reduceSingleLeafToSelf: true,
    })
    expect(dag.root).toBe(imported.cid.toString())
    const ours = [...blocksOf(dag)]
    const used = new Set(ours.map(({ cid }) => cid))
    for (const each of ours) {
      const found = theirs.get(each.cid)
      const bytes =
        'node' in each ? each.node : content.subarray(leafSpan(dag, each.leaf).start, leafSpan(dag, each.leaf).end)
      expect(Buffer.from(found ?? []).equals(bytes), each.cid).toBe(true)
    }
    expect(used.has(dag.root)).toBe(true)

    const car = await collectBytes(writeCar(dag, slices(content)))
    expect(car.length).toBe(carBytesOf(dag))
    async function* carSlices() {
      yield* slices(car)
    }
    const reader = await CarBlockIterator.fromIterable(carSlices())
    expect((await reader.getRoots()).map(String)).toEqual([dag.root])
    const blocks = new Map<string, Uint8Array>()
    for await (const { cid, bytes } of reader) blocks.set(cid.toString(), bytes)
    expect([...blocks.keys()]).toEqual([...used])
    const entry = await exporter(dag.root, {
      async *get(cid: unknown) {
        yield blocks.get(String(cid)) as Uint8Array
      },
    } as never)
    if (entry.type !== 'file' && entry.type !== 'raw') throw new Error(`a ${entry.type} came back`)
    expect(content.equals(await collectBytes(entry.content()))).toBe(true)
  },
)
