import type { ReadableStorage } from 'ipfs-unixfs-exporter'
import { type FolderFile, refuseFolder } from './packFolder.js'
import { type Cid, isFile, readPiece, streamPieces } from './unixfs.js'
import { type Listing, listingOf } from './unpacking.js'

/** What reading one piece of a file may take: few blocks may lead to all. */
const pieceReadsMax = 65_536

/** What a CID names: one file, which has no name there, or a folder. */
export type Unixfs = { file: Omit<FolderFile, 'path'> } | { listing: Listing }

export type ListUnixfsParameters = {
  /** Each was compared with its CID. */
  blocks: ReadableStorage
  /** What finding the files may take. */
  listReadsMax: number
  /** Told of the length of each file, to refuse what is too much. */
  onFile?: (bytes: number) => void
  /** Says of the source what the libraries say of bytes that are not as they expect. */
  told: <answer>(work: () => Promise<answer>) => Promise<answer>
}

/**
 * The file or the folder of IPFS that a CID names.
 *
 * @throws AgoraiError `archive_invalid` for what is no file and no folder, or leads to too much; `unsafe_name`
 */
export async function listUnixfs(root: Cid, parameters: ListUnixfsParameters): Promise<Unixfs> {
  const { blocks, listReadsMax, onFile, told } = parameters
  // All of what IPFS may name comes with it: only who needs it loads it.
  const { exporter } = await import('ipfs-unixfs-exporter')
  const entryOf = (cid: Cid) => exporter(cid, allowing(blocks, pieceReadsMax))
  const fileOf = (cid: Cid, size: bigint): Omit<FolderFile, 'path'> => {
    const bytes = Number(size)
    onFile?.(bytes)
    // What an entry holds of its first block is not kept for each file of a folder.
    const read = (start: number, end: number) =>
      told(async () => {
        const entry = await entryOf(cid)
        if (!isFile(entry)) throw notReadable()
        return readPiece(entry, start, end)
      })
    return { bytes, read, stream: () => streamPieces(read, 0, bytes) }
  }
  return told(async () => {
    const first = await entryOf(root)
    if (isFile(first)) return { file: fileOf(root, first.size) }
    const listing = listingOf()
    const store = allowing(blocks, listReadsMax)
    const folders = [{ cid: root, path: '' }]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const { cid, path: inside } = folder
      const entry = await exporter(cid, store)
      if (entry.type !== 'directory') throw notReadable(inside)
      for await (const { cid: child, name } of entry.entries()) {
        const path = inside === '' ? name : `${inside}/${name}`
        if (name === '' || name.includes('/')) throw refuseFolder('A name is not one of a file.', path)
        const found = await exporter(child, store)
        if (found.type === 'directory') folders.push({ cid: child, path })
        else if (!isFile(found)) throw notReadable(path)
        else {
          const file = { path, ...fileOf(child, found.size) }
          listing.add(path, async () => file)
        }
      }
    }
    return { listing }
  })
}

const notReadable = (path?: string) =>
  refuseFolder('It is neither a file nor a folder as IPFS has them (UnixFS), or a link.', path)

/** The same blocks for so many reads. */
function allowing(blocks: ReadableStorage, reads: number): ReadableStorage {
  let left = reads
  return {
    get(cid) {
      if (left-- === 0) throw refuseFolder('Its blocks lead to one another too often.')
      return blocks.get(cid)
    },
  }
}
