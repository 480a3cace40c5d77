import { checkPath } from '../../content/folder/checkPath.js'
import { type FolderFile, isHidden, type LeftOut, refuseFolder } from './packFolder.js'

/** What an archive may unpack to, whatever its length. */
const plainBytesMax = 256 * 1024 * 1024
/** How much longer than itself an archive may become beyond that. Text of the most common kinds stays below thirty. */
const ratioMax = 200
const entriesMax = 400_000

/** @throws AgoraiError `archive_invalid` for an archive that unpacks to far more than it is. */
export function assertPlausible(unpackedBytes: number, archiveBytes: number): void {
  if (unpackedBytes > plainBytesMax && unpackedBytes > ratioMax * archiveBytes)
    throw refuseFolder(`It unpacks to more than ${ratioMax} times its length; unpack it, and publish the folder.`)
}

/** The files of an archive, as they are found. */
export type Listing = {
  /** Takes a file in, or leaves it out when it is hidden. @throws AgoraiError `unsafe_name`, `archive_invalid` */
  add(path: string, open: () => Promise<FolderFile>): void
  open(): Promise<FolderFile[]>
  leftOut: LeftOut[]
}

export function listingOf(): Listing {
  const found: (() => Promise<FolderFile>)[] = []
  const leftOut: LeftOut[] = []
  let entries = 0
  return {
    leftOut,
    add(path, open) {
      if (++entries > entriesMax) throw refuseFolder(`It holds more than ${entriesMax} entries.`)
      if (isHidden(path)) leftOut.push({ path, reason: 'hidden' })
      else {
        checkPath(path)
        found.push(open)
      }
    },
    async open() {
      const files: FolderFile[] = []
      for (const each of found) files.push(await each())
      return files
    },
  }
}
