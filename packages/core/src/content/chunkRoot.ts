import type { Hex } from 'viem'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { hashBlock } from './blockHash.js'
import { chunkBytes, sealedBytes } from './chunks.js'
import { cutStream } from './cutStream.js'
import { type Keccak, loadKeccak } from './keccak.js'
import { createMerkleFrontier, createMerkleTree, foldProof, type MerkleFrontier } from './merkle.js'
import { type Partitioned, partitionsOf } from './partitions.js'
import { splitStream } from './splitStream.js'

/** Bytes of a chunk's hash. */
export const chunkHashBytes = 32

/** Plaintext and tag. */
const sealedChunkBytes = sealedBytes(chunkBytes)

/** sha-256 of a sealed chunk: what it is known by. */
export const hashChunk = hashBlock

/** Root over the sealed chunks of a content, in order, whatever partition they are in. */
export type ChunkRoot = { add(hash: Uint8Array): void; readonly chunks: number; root(): Hex }

/** The same with proofs. */
export type ChunkTree = ChunkRoot & { proof(index: number): Hex[] }

/**
 * Starts the root of a content's chunks, in memory that does not grow with them.
 *
 *     leaf = keccak256(0x00 ‖ index as 8 bytes ‖ sha-256 of the sealed chunk)
 */
export async function createChunkRoot(): Promise<ChunkRoot> {
  const keccak = await loadKeccak()
  return wrap(createMerkleFrontier(keccak), keccak)
}

/** Starts the tree of a content's chunks: 64 bytes a chunk. */
export async function createChunkTree(): Promise<ChunkTree> {
  const keccak = await loadKeccak()
  const tree = createMerkleTree(keccak)
  const { add, root } = wrap(tree, keccak)
  return {
    add,
    root,
    get chunks() {
      return tree.leaves
    },
    proof: (index) => tree.proof(index).map((sibling) => bytesToHex(sibling)),
  }
}

const wrap = (tree: MerkleFrontier, keccak: Keccak): ChunkRoot => ({
  add: (hash) => tree.add(leafOf(keccak, tree.leaves, hash)),
  get chunks() {
    return tree.leaves
  },
  root: () => bytesToHex(tree.root()),
})

function leafOf(keccak: Keccak, index: number, hash: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(9 + chunkHashBytes)
  new DataView(preimage.buffer).setBigUint64(1, BigInt(index))
  preimage.set(hash, 9)
  return keccak(preimage)
}

/** Lets sealed chunks pass, one by one, while their root is computed. It is whole once they have ended. */
export async function* meterChunks(root: ChunkRoot, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    // Hashed while whoever reads them is at work with it.
    const hash = hashChunk(chunk)
    yield chunk
    root.add(await hash)
  }
}

/** Whether a chunk, by its hash, stands at this place under the root. Malformed proofs are no error, just not true. */
export async function verifyChunk(parameters: {
  root: Hex
  chunks: number
  index: number
  hash: Uint8Array
  proof: readonly Hex[]
}): Promise<boolean> {
  const { root, chunks, index, hash, proof } = parameters
  if (!Number.isSafeInteger(chunks) || !Number.isSafeInteger(index) || index < 0 || index >= chunks) return false
  if (hash.length !== chunkHashBytes || ![root, ...proof].every((word) => /^0x[0-9a-fA-F]{64}$/.test(word)))
    return false
  const keccak = await loadKeccak()
  const siblings = proof.map((sibling) => hexToBytes(sibling))
  const folded = foldProof(keccak, leafOf(keccak, index, hash), index, chunks, siblings)
  return folded !== undefined && bytesToHex(folded) === root.toLowerCase()
}

/** Where a sealed chunk lies in the ciphertext: `start` to `end`, which is not part of it. */
export type ChunkSpan = { start: number; end: number }

/** The places of all sealed chunks of a content. */
export type ChunkMap = {
  chunks: number
  /** Length of the whole ciphertext. */
  bytes: number
  /** @throws RangeError for a chunk that there is not. */
  spanOf(index: number): ChunkSpan
  /** @throws RangeError for a chunk that there is not. */
  placeOf(index: number): ChunkPlace
}

/** Which chunk of which partition it is, and whether it is that partition's last one. */
export type ChunkPlace = { partition: number; index: number; last: boolean }

/** Each partition begins with a chunk of its own, and only the last chunk of a partition is shorter. */
export function mapChunks(content: Partitioned): ChunkMap {
  let chunks = 0
  let bytes = 0
  const parts = partitionsOf(content).map((partition, place) => {
    const count = Math.max(1, Math.ceil(partition.bytes / chunkBytes))
    const part = { partition: place, first: chunks, count, start: bytes, end: bytes + sealedBytes(partition.bytes) }
    chunks += count
    bytes = part.end
    return part
  })
  const partOf = (index: number) => {
    const part = Number.isInteger(index) && index >= 0 && index < chunks ? parts[findPart(parts, index)] : undefined
    if (part === undefined) throw new RangeError(`There is no chunk ${index}.`)
    return part
  }
  return {
    chunks,
    bytes,
    spanOf(index) {
      const { first, start, end } = partOf(index)
      const from = start + (index - first) * sealedChunkBytes
      return { start: from, end: Math.min(from + sealedChunkBytes, end) }
    },
    placeOf(index) {
      const { partition, first, count } = partOf(index)
      return { partition, index: index - first, last: index === first + count - 1 }
    },
  }
}

/** The last part whose first chunk is not after `index`. */
function findPart(parts: readonly { first: number }[], index: number): number {
  let low = 0
  for (let high = parts.length; high - low > 1; ) {
    const middle = (low + high) >> 1
    if ((parts[middle]?.first ?? 0) <= index) low = middle
    else high = middle
  }
  return low
}

/** Cuts a ciphertext, however it is sliced, into its sealed chunks. A chunk is overwritten when the next is asked for. */
export async function* cutChunks(
  content: Partitioned,
  ciphertext: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ index: number; bytes: Uint8Array<ArrayBuffer> }> {
  let index = 0
  const lengths = partitionsOf(content).map((partition) => sealedBytes(partition.bytes))
  for await (const part of splitStream(ciphertext, lengths))
    for await (const { bytes } of cutStream(part, sealedChunkBytes)) yield { index: index++, bytes }
}

/**
 * The hashes of all chunks of a content, one after the other, read as a tree.
 *
 * @throws AgoraiError `integrity_failed` unless they lead to the root that the manifest states.
 */
export async function readChunkHashes(
  { chunks, chunkRoot }: { chunks: number; chunkRoot: Hex },
  hashes: Uint8Array,
): Promise<ChunkTree> {
  const tree = await createChunkTree()
  if (hashes.length === chunks * chunkHashBytes)
    for (let index = 0; index < chunks; index++) tree.add(chunkHashAt(hashes, index))
  if (tree.chunks === chunks && tree.root() === chunkRoot) return tree
  throw new AgoraiError('integrity_failed', 'The hashes of the chunks are not those that were listed.', {
    field: 'content.chunkRoot',
  })
}

/** One hash of many that lie one after the other. */
export const chunkHashAt = (hashes: Uint8Array, index: number): Uint8Array =>
  hashes.subarray(index * chunkHashBytes, (index + 1) * chunkHashBytes)
