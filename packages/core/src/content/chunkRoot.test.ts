import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { bytesToHex } from 'viem'
import { concatBytes, keccak256, numberToBytes } from 'viem/utils'
import { expect, test } from 'vitest'
import {
  createChunkRoot,
  createChunkTree,
  cutChunks,
  hashChunk,
  mapChunks,
  readChunkHashes,
  verifyChunk,
} from './chunkRoot.js'
import { chunkBytes, sealedBytes } from './chunks.js'

const hashesOf = (count: number) => Array.from({ length: count }, () => new Uint8Array(randomBytes(32)))

test('the root is what the description says', async () => {
  const chunks = [randomBytes(17), randomBytes(40), randomBytes(16)]
  const tree = await createChunkTree()
  for (const chunk of chunks) tree.add(await hashChunk(chunk))
  const [a, b, c] = chunks.map((chunk, index) => {
    const hash = createHash('sha256').update(chunk).digest()
    return keccak256(concatBytes([Uint8Array.of(0), numberToBytes(index, { size: 8 }), hash]), 'bytes')
  })
  if (a === undefined || b === undefined || c === undefined) throw new Error('three chunks')
  const pair = keccak256(concatBytes([Uint8Array.of(1), a, b]), 'bytes')
  expect(tree.root()).toBe(keccak256(concatBytes([Uint8Array.of(1), pair, c])))
})

test('both ways of computing agree, every chunk is proven, and nothing else is', async () => {
  for (const count of [1, 2, 3, 5, 8, 13, 64, 100]) {
    const hashes = hashesOf(count)
    const [root, tree] = [await createChunkRoot(), await createChunkTree()]
    for (const hash of hashes) {
      root.add(hash)
      tree.add(hash)
    }
    expect(root.root()).toBe(tree.root())
    for (const [index, hash] of hashes.entries()) {
      const stated = { root: tree.root(), chunks: count, index, hash, proof: tree.proof(index) }
      expect(await verifyChunk(stated)).toBe(true)
      expect(await verifyChunk({ ...stated, hash: new Uint8Array(randomBytes(32)) })).toBe(false)
      expect(await verifyChunk({ ...stated, index: index + 1 })).toBe(false)
      expect(await verifyChunk({ ...stated, index: count })).toBe(false)
      expect(await verifyChunk({ ...stated, proof: [...stated.proof, tree.root()] })).toBe(false)
      expect(await verifyChunk({ ...stated, proof: stated.proof.slice(1), chunks: count + 1 })).toBe(false)
    }
  }
})

test('a list of hashes is believed only when it leads to the root', async () => {
  const hashes = hashesOf(6)
  const root = await createChunkRoot()
  for (const hash of hashes) root.add(hash)
  const stated = { chunks: 6, chunkRoot: root.root() }
  const list = concatBytes(hashes)
  expect((await readChunkHashes(stated, list)).root()).toBe(stated.chunkRoot)
  const swapped = concatBytes([...hashes.slice(2), ...hashes.slice(0, 2)])
  for (const wrong of [list.subarray(1), list.subarray(32), concatBytes([list, list]), swapped, new Uint8Array()])
    await expect(readChunkHashes(stated, wrong)).rejects.toMatchObject({ field: 'content.chunkRoot' })
})

const lengths = fc.array(fc.constantFrom(1, 100, chunkBytes - 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes), {
  minLength: 1,
  maxLength: 5,
})

test('every chunk lies where the map says, in one partition and in several', async () => {
  await fc.assert(
    fc.asyncProperty(lengths, async (parts) => {
      const partitions = parts.map((bytes) => ({ contributor: null, bytes, rows: 1 }))
      const content = {
        plaintext: { bytes: parts.reduce((sum, bytes) => sum + bytes, 0), rows: parts.length },
        partitions,
      }
      const ciphertext = new Uint8Array(parts.reduce((sum, bytes) => sum + sealedBytes(bytes), 0))
      for (let at = 0; at < ciphertext.length; at += 4096) ciphertext[at] = at / 4096
      const map = mapChunks(content)
      expect(map.bytes).toBe(ciphertext.length)
      let end = 0
      let count = 0
      for await (const { index, bytes } of cutChunks(content, slices(ciphertext))) {
        const span = map.spanOf(index)
        expect(span.start).toBe(end)
        const { partition, index: place, last } = map.placeOf(index)
        expect(last).toBe(place === Math.ceil((parts[partition] ?? 0) / chunkBytes) - 1)
        end = span.end
        expect(Buffer.compare(bytes, ciphertext.subarray(span.start, span.end))).toBe(0)
        count++
      }
      expect([end, count]).toEqual([ciphertext.length, map.chunks])
      expect(() => map.spanOf(map.chunks)).toThrow(RangeError)
      expect(() => map.spanOf(-1)).toThrow(RangeError)
    }),
    { numRuns: 20 },
  )
})

test('an empty content is one chunk', () => {
  const map = mapChunks({ plaintext: { bytes: 0, rows: 0 } })
  expect([map.chunks, map.bytes, map.spanOf(0)]).toEqual([1, 16, { start: 0, end: 16 }])
})

test('the hash of a chunk is its sha-256', async () => {
  const chunk = randomBytes(100)
  expect(bytesToHex(await hashChunk(chunk))).toBe(`0x${createHash('sha256').update(chunk).digest('hex')}`)
})

async function* slices(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 777_777) yield bytes.subarray(at, at + 777_777)
}
