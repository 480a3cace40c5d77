import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { readFilePart, statFile, streamFile } from './files/localFile.js'
import { type FolderFile, isHidden, type LeftOut, packFolder, refuseFolder } from './files/packFolder.js'
import type { LocalSource } from './localSource.js'

const entriesMax = 400_000

/**
 * A folder on this machine as one content: a tar of its files, the same for the same files whenever and wherever it is
 * made, put together while it is read, without a copy. Hidden files, links, and what is no file are left out, and said.
 *
 * @throws AgoraiError `invalid_request` when it cannot be read, `archive_invalid`, `unsafe_name`, `unsafe_format`,
 * `content_unreadable`; reading throws `source_changed`
 */
export async function openFolder(path: string): Promise<LocalSource> {
  const files: FolderFile[] = []
  const leftOut: LeftOut[] = []
  const folders = ['']
  let entries = 0
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift())
    for (const entry of await list(join(path, folder))) {
      if (++entries > entriesMax) throw refuseFolder(`It holds more than ${entriesMax} files and folders.`)
      const inside = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (isHidden(entry.name)) leftOut.push({ path: inside, reason: 'hidden' })
      else if (entry.isDirectory()) folders.push(inside)
      else if (!entry.isFile()) leftOut.push({ path: inside, reason: entry.isSymbolicLink() ? 'a link' : 'no file' })
      else files.push(await openEntry(join(path, inside), inside))
    }
  return packFolder(basename(resolve(path)) || 'folder', files, leftOut)
}

async function list(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${path} is not a folder that can be read.`, { field: 'file', cause })
  }
}

async function openEntry(path: string, inside: string): Promise<FolderFile> {
  const file = await statFile(path)
  return {
    path: inside,
    bytes: file.bytes,
    read: (start, end) => readFilePart(file, start, end),
    stream: () => streamFile(file),
  }
}
