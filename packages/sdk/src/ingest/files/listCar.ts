import { AgoraiError, isAgoraiError } from '@agorai/core'
import type { BytesReader } from '@ipld/car/decoder'
import type { ReadableStorage } from 'ipfs-unixfs-exporter'
import { listUnixfs, type Unixfs } from './listUnixfs.js'
import { type LocalFile, readFilePart } from './localFile.js'
import { refuseFolder } from './packFolder.js'
import { blockBytesMax, type Cid, isBlockOf, keepNodes, sha256Code } from './unixfs.js'
import { assertPlausible } from './unpacking.js'

/** Of 256 KiB each, as IPFS cuts them, 256 GiB; what is known of each takes about a hundred bytes. */
const blocksMax = 2 ** 20
/** The header names roots, and a CID is short. */
const headBytesMax = 64 * 1024
const windowBytes = 1_048_576
/** What finding the files may take beside four reads a block: few may lead to all. */
const listReadsMax = 100_000

/**
 * What the one root of a CAR file names. The file is gone through once for where its blocks are; each block is compared
 * with its CID before any of it is used, and what the root does not lead to is never read.
 *
 * @throws AgoraiError `archive_invalid` for what is cut off, damaged, incomplete, too large, or no file and no folder;
 * `integrity_failed` for a block that is not the one of its CID; `unsafe_name`, `source_changed`
 */
export async function listCar(archive: LocalFile): Promise<Unixfs> {
  const { root, count, blocks } = await told(() => indexBlocks(archive))
  let unpackedBytes = 0
  return listUnixfs(root, {
    blocks,
    listReadsMax: listReadsMax + 4 * count,
    onFile(bytes) {
      unpackedBytes += bytes
      assertPlausible(unpackedBytes, archive.bytes)
    },
    told,
  })
}

/** Where the blocks of a CAR file are, by what they hash to. */
async function indexBlocks(archive: LocalFile): Promise<{ root: Cid; count: number; blocks: ReadableStorage }> {
  const { createDecoder } = await import('@ipld/car/decoder')
  const decoder = createDecoder(createReader(archive))
  const { roots } = await decoder.header()
  const [root, another] = roots
  if (root === undefined || another !== undefined)
    throw refuseFolder('A CAR file is published by its one root; write one that names one.')
  const places = new Map<string, number>()
  const starts: number[] = []
  const lengths: number[] = []
  for await (const { cid, blockOffset, blockLength } of decoder.blocksIndex()) {
    if (blockLength < 0) throw refuseFolder('A block ends before its CID.')
    const key = keyOf(cid)
    if (cid.multihash.code !== sha256Code || places.has(key)) continue
    if (starts.length === blocksMax) throw refuseFolder(`It holds more than ${blocksMax} blocks; make them larger.`)
    places.set(key, starts.length)
    starts.push(blockOffset)
    lengths.push(blockLength)
  }
  async function blockOf(cid: Cid): Promise<Uint8Array> {
    if (cid.multihash.code !== sha256Code) throw refuseFolder(`${cid} is not of sha-256, which alone is checked here.`)
    const place = places.get(keyOf(cid))
    const [start, length] = place === undefined ? [] : [starts[place], lengths[place]]
    if (start === undefined || length === undefined) throw refuseFolder(`The block ${cid} is not in it.`)
    if (length > blockBytesMax) throw refuseFolder(`The block ${cid} is larger than ${blockBytesMax} bytes.`)
    const block = await readFilePart(archive, start, start + length)
    if (isBlockOf(cid, block)) return block
    throw new AgoraiError('integrity_failed', `The block of ${cid} in it is another one.`, { field: 'content' })
  }
  return { root, count: starts.length, blocks: keepNodes(blockOf) }
}

/** Half of a hash, as a text that takes one byte a character: nobody finds two of them alike. */
const keyOf = ({ multihash }: Cid): string => String.fromCharCode(...multihash.digest.subarray(0, 16))

/** Reads forward; blocks are passed over and not read. */
function createReader(archive: LocalFile): BytesReader {
  let pos = 0
  let from = 0
  let window: Uint8Array = new Uint8Array()
  const upTo = async (length: number): Promise<Uint8Array> => {
    if (length > headBytesMax) throw refuseFolder('A header in it is too long.')
    const end = Math.min(archive.bytes, pos + length)
    if (pos < from || end > from + window.length) {
      from = pos
      window = await readFilePart(archive, pos, Math.min(archive.bytes, pos + windowBytes))
    }
    return window.subarray(pos - from, end - from)
  }
  const seek = (length: number): void => {
    if (!(length >= 0 && pos + length <= archive.bytes)) throw cutOff()
    pos += length
  }
  return {
    upTo,
    async exactly(length, isTaken = false) {
      const bytes = await upTo(length)
      if (bytes.length < length) throw cutOff()
      if (isTaken) seek(length)
      return bytes
    },
    seek,
    get pos() {
      return pos
    },
  }
}

const cutOff = () => refuseFolder('The CAR file ends in the middle, or its lengths are wrong.')

/** What the libraries say of bytes that are not as they expect is said of the file. */
async function told<answer>(work: () => Promise<answer>): Promise<answer> {
  try {
    return await work()
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw refuseFolder(`The CAR file cannot be read: ${cause instanceof Error ? cause.message : 'it is damaged.'}`)
  }
}
