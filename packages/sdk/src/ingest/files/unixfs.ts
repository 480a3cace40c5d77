import { createHash } from 'node:crypto'
import { AgoraiError } from '@agorai/core'
import type { ReadableStorage, UnixFSEntry } from 'ipfs-unixfs-exporter'
import { collectBytes } from '../../content/readStream.js'

export type Cid = Parameters<ReadableStorage['get']>[0]
/** Of the entries that IPFS may name those that have bytes. */
export type UnixfsFile = Extract<UnixFSEntry, { type: 'file' | 'raw' | 'identity' }>

/** IPFS itself passes on no larger blocks. */
export const blockBytesMax = 2 * 1024 * 1024 + 1024
/** The codec of inner nodes, which lead to other blocks. */
const dagPbCode = 0x70
const nodesKept = 256
export const sha256Code = 0x12
const identityCode = 0x00
/** Read at once: the exporter does not wait for its reader, so it is asked for a little at a time. */
const pieceBytes = 8 * 1024 * 1024

/** The bytes of a block that its CID holds itself. */
const inlineBlock = ({ multihash }: Cid): Uint8Array | undefined =>
  multihash.code === identityCode ? multihash.digest : undefined

/** Whether a block is the one that a CID names; only those of sha-256 can be told. */
export const isBlockOf = ({ multihash }: Cid, block: Uint8Array): boolean =>
  multihash.code === sha256Code && createHash('sha256').update(block).digest().equals(multihash.digest)

/** Blocks as the exporter takes them. The inner nodes, which lead to many, are kept for a while. */
export function keepNodes(read: (cid: Cid) => Promise<Uint8Array>): ReadableStorage {
  const nodes = new Map<string, Uint8Array>()
  return {
    async *get(cid) {
      const name = cid.toString()
      const known = nodes.get(name)
      if (known !== undefined) return yield known
      const block = inlineBlock(cid) ?? (await read(cid))
      if (cid.code === dagPbCode) {
        const [oldest] = nodes.keys()
        if (nodes.size >= nodesKept && oldest !== undefined) nodes.delete(oldest)
        nodes.set(name, block)
      }
      yield block
    },
  }
}

/**
 * Whether an entry is a file whose bytes can be read. Links of file systems are none; nor are files with bytes beside
 * their links, which no program writes, and which the exporter waits for without end.
 */
export function isFile(entry: UnixFSEntry): entry is UnixfsFile {
  if (entry.type !== 'file') return entry.type === 'raw' || entry.type === 'identity'
  const { unixfs, node } = entry
  const isPlain = unixfs.type === 'file' || unixfs.type === 'raw'
  return isPlain && (node.Links.length === 0 || (unixfs.data?.length ?? 0) === 0)
}

/** @throws AgoraiError `integrity_failed` where there are fewer bytes than its root states */
export async function readPiece(entry: UnixfsFile, start: number, end: number): Promise<Uint8Array> {
  const piece = await collectBytes(entry.content({ offset: start, length: end - start, blockReadConcurrency: 8 }))
  if (piece.length === end - start) return piece
  throw new AgoraiError('integrity_failed', 'A file of IPFS does not have the length that its root states.')
}

/** A file from a byte on, by pieces that are read one after the other. */
export async function* streamPieces(
  read: (start: number, end: number) => Promise<Uint8Array>,
  start: number,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < bytes; at += pieceBytes) yield await read(at, Math.min(bytes, at + pieceBytes))
}
