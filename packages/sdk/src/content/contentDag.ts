import { bytesOfCid, cutStream } from '@agorai/core'
import { blockBytes, type ContentNode, createCidHasher } from './contentCid.js'

/** The blocks that IPFS knows a content by: its own pieces, and the nodes above them. */
export type ContentDag = {
  root: string
  /** Length of the content. */
  bytes: number
  /** The nodes by their CID; none for a content of one block. */
  nodes: ReadonlyMap<string, ContentNode>
}

/** Reads a content and gives its DAG: about 50 bytes in memory for each of its blocks. */
export async function readContentDag(content: AsyncIterable<Uint8Array>): Promise<ContentDag> {
  const nodes = new Map<string, ContentNode>()
  const hasher = createCidHasher((node) => nodes.set(node.cid, node))
  for await (const slice of content) await hasher.add(slice)
  return { root: await hasher.cid(), bytes: hasher.bytes, nodes }
}

/** A block of a DAG: a node, or a piece of the content by its place. */
export type DagBlock = { cid: string } & ({ node: Uint8Array } | { leaf: number })

/** All blocks of a DAG, depth first, each piece of the content in its order. */
export function* blocksOf({ root, nodes }: ContentDag): Generator<DagBlock> {
  let leaf = 0
  function* walk(cid: string): Generator<DagBlock> {
    const node = nodes.get(cid)
    if (node === undefined) {
      yield { cid, leaf: leaf++ }
      return
    }
    yield { cid, node: node.bytes }
    for (const child of node.children) yield* walk(child)
  }
  yield* walk(root)
}

/** Where a piece of the content lies: `start` up to `end`, which is not included. */
export const leafSpan = ({ bytes }: Pick<ContentDag, 'bytes'>, leaf: number): { start: number; end: number } => ({
  start: leaf * blockBytes,
  end: Math.min((leaf + 1) * blockBytes, bytes),
})

/**
 * A content as a CAR file (version 1): its root, then all blocks depth first.
 *
 * @param content The content again, from its beginning.
 */
export async function* writeCar(dag: ContentDag, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield section(carHeader(dag.root))
  const pieces = cutStream(content, blockBytes)
  try {
    for (const block of blocksOf(dag)) {
      if ('node' in block) {
        yield section(bytesOfCid(block.cid), block.node)
        continue
      }
      const { value } = await pieces.next()
      if (value !== undefined) yield section(bytesOfCid(block.cid), value.bytes)
    }
  } finally {
    await pieces.return(undefined)
  }
}

/** What a CAR file of a content is long. */
export function carBytesOf(dag: ContentDag): number {
  let bytes = sectionBytes(carHeader(dag.root).length)
  for (const block of blocksOf(dag)) {
    const span = 'leaf' in block ? leafSpan(dag, block.leaf) : { start: 0, end: block.node.length }
    bytes += sectionBytes(bytesOfCid(block.cid).length + span.end - span.start)
  }
  return bytes
}

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0))

/** DAG-CBOR of `{ roots: [root], version: 1 }`. */
function carHeader(root: string): Uint8Array {
  const cid = bytesOfCid(root)
  return Uint8Array.from([
    ...[0xa2, 0x65, ...ascii('roots'), 0x81, 0xd8, 0x2a, 0x58, cid.length + 1, 0, ...cid],
    ...[0x67, ...ascii('version'), 1],
  ])
}

/** Parts, one after the other, behind the length of them all. */
function section(...parts: readonly Uint8Array[]): Uint8Array {
  const length = varint(parts.reduce((sum, part) => sum + part.length, 0))
  const whole = new Uint8Array(length.length + parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of [length, ...parts]) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const sectionBytes = (bytes: number): number => varint(bytes).length + bytes

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
