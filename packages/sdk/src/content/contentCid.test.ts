import { importFile } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, test } from 'vitest'
import { computeContentCid } from './contentCid.js'

async function* sliced(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const patterned = (bytes: number): Uint8Array =>
  new Uint8Array(bytes).map((_, index) => (index * 31 + (index >> 8)) % 256)

/** Two levels of UnixFS written out by hand, as an oracle: protobuf of the specification, no library. */
async function twoLevelCid(content: Uint8Array): Promise<string> {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
  const field = (tag: number, bytes: Uint8Array | number[]): number[] => [tag, ...varint(bytes.length), ...bytes]
  const links: number[] = []
  const sizes: number[] = []
  for (let at = 0; at < content.length; at += 262_144) {
    const leaf = content.subarray(at, at + 262_144)
    const cid = CID.createV1(0x55, await sha256.digest(leaf))
    links.push(...field(0x12, [...field(0x0a, cid.bytes), ...field(0x12, []), 0x18, ...varint(leaf.length)]))
    sizes.push(0x20, ...varint(leaf.length))
  }
  const data = field(0x0a, [0x08, 2, 0x18, ...varint(content.length), ...sizes])
  return CID.createV1(0x70, await sha256.digest(Uint8Array.from([...links, ...data]))).toString()
}

test('the CIDs that `ipfs add --cid-version=1` gives', async () => {
  expect(await computeContentCid(sliced(new Uint8Array(), 1))).toBe(
    'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
  )
  expect(await computeContentCid(sliced(new TextEncoder().encode('hello world'), 3))).toBe(
    'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e',
  )
})

test('several leaves, in whatever slices, are one UnixFS file of raw leaves', async () => {
  for (const bytes of [262_145, 1_048_592, 3_000_000]) {
    const content = patterned(bytes)
    const expected = await twoLevelCid(content)
    for (const size of [9_999, 262_144, 1_048_592])
      expect(await computeContentCid(sliced(content, size))).toBe(expected)
  }
})

test('more than 174 leaves make a third level', async () => {
  const content = new Uint8Array(262_144 * 175)
  const cid = await computeContentCid(sliced(content, 1_048_576))
  expect(cid).toMatch(/^bafybei/)
  expect(cid).not.toBe(await twoLevelCid(content))
})

/** What IPFS itself makes of it, by its own importer. */
async function importedCid(content: AsyncIterable<Uint8Array>): Promise<string> {
  const forgetful = { put: async <cid>(cid: cid): Promise<cid> => cid }
  const { cid } = await importFile({ content }, forgetful, {
    cidVersion: 1,
    rawLeaves: true,
    chunker: fixedSize({ chunkSize: 262_144 }),
    layout: balanced({ maxChildrenPerNode: 174 }),
    reduceSingleLeafToSelf: true,
  })
  return cid.toString()
}

test('IPFS agrees on every number of leaves that fills a node, lacks one or exceeds it', async () => {
  const leaf = new Uint8Array(262_144)
  async function* leaves(count: number, more: number): AsyncGenerator<Uint8Array> {
    for (let each = 0; each < count; each++) {
      leaf[0] = each
      yield leaf.slice()
    }
    if (more > 0) yield leaf.slice(0, more)
  }
  for (const count of [0, 1, 2, 173, 174, 175, 348, 349])
    for (const more of [0, 1, 262_143])
      expect(await computeContentCid(leaves(count, more)), `${count} + ${more}`).toBe(
        await importedCid(leaves(count, more)),
      )
}, 300_000)
