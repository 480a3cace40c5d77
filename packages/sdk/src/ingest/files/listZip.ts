import { crc32 } from 'node:zlib'
import { isAgoraiError } from '@agorai/core'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { collectBytes } from '../../content/readStream.js'
import type { LocalFile } from './localFile.js'
import { type FolderFile, refuseFolder } from './packFolder.js'
import { assertPlausible, type Listing, listingOf } from './unpacking.js'

const storedMethod = 0
const deflateMethod = 8
const localHeaderBytes = 30
const fileType = 0o100000
const folderType = 0o040000

/**
 * The files of a zip archive, by its central directory. What the local headers say must be the same.
 *
 * @throws AgoraiError `archive_invalid`, `unsafe_name`
 */
export async function listZip(archive: LocalFile): Promise<Listing> {
  const listing = listingOf()
  const ranges: { start: number; end: number; path: string }[] = []
  let unpackedBytes = 0
  await withZip(archive, async (zip) => {
    for await (const entry of zip.eachEntry()) {
      const path = pathOf(entry)
      checkEntry(entry, path)
      unpackedBytes += entry.uncompressedSize
      assertPlausible(unpackedBytes, archive.bytes)
      const start = entry.relativeOffsetOfLocalHeader
      ranges.push({ start, end: start + localHeaderBytes + entry.fileNameRaw.length + entry.compressedSize, path })
      if (isFolder(entry, path)) continue
      listing.add(path, () => openEntry(archive, entry, path))
    }
  })
  ranges.sort((a, b) => a.start - b.start)
  for (const [place, { start, path }] of ranges.entries())
    if (start < (ranges[place - 1]?.end ?? 0)) throw refuseFolder('It lies over another entry of the archive.', path)
  return listing
}

/** Opens a zip for as long as something is done with it. */
async function withZip<result>(archive: LocalFile, use: (zip: ZipFile) => Promise<result>): Promise<result> {
  let zip: ZipFile | undefined
  try {
    zip = await openPromise(archive.path, { lazyEntries: true, autoClose: false, decodeStrings: false })
    return await use(zip)
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw refuseFolder(`The zip archive cannot be read: ${cause instanceof Error ? cause.message : 'it is damaged.'}`)
  } finally {
    zip?.close()
  }
}

/** Names are UTF-8, or ASCII where nothing says so. */
function pathOf({ fileNameRaw }: Entry): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fileNameRaw)
  } catch {
    throw refuseFolder('A name is not UTF-8; pack the archive again with a current program.')
  }
}

const typeOf = ({ externalFileAttributes }: Entry): number => (externalFileAttributes >>> 16) & 0o170000
const isFolder = (entry: Entry, path: string): boolean => path.endsWith('/') || typeOf(entry) === folderType

function checkEntry(entry: Entry, path: string): void {
  if (entry.isEncrypted()) throw refuseFolder('It is encrypted; pack the archive without a password.', path)
  if (![storedMethod, deflateMethod].includes(entry.compressionMethod))
    throw refuseFolder('It is compressed by another method than deflate.', path)
  const type = typeOf(entry)
  if (type !== 0 && type !== fileType && type !== folderType) throw refuseFolder('It is a link or a device.', path)
  if (isFolder(entry, path) && entry.uncompressedSize > 0) throw refuseFolder('A folder has no bytes.', path)
}

async function openEntry(archive: LocalFile, entry: Entry, path: string): Promise<FolderFile> {
  const bytes = entry.uncompressedSize
  return {
    path,
    bytes,
    stream: () => streamEntry(archive, entry, path),
    read: (start, end) => collectBytes(partOf(streamEntry(archive, entry, path), start, end)),
  }
}

/** A packed file is read from its beginning; what comes before the part is not kept. */
async function* partOf(stream: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  if (start === end) return
  let at = 0
  for await (const slice of stream) {
    if (at + slice.length > start) yield slice.subarray(Math.max(0, start - at), end - at)
    at += slice.length
    if (at >= end) return
  }
}

async function* streamEntry(archive: LocalFile, entry: Entry, path: string): AsyncGenerator<Uint8Array> {
  const zip = await openPromise(archive.path, { lazyEntries: true, autoClose: false, decodeStrings: false })
  try {
    const local = await zip.readLocalFileHeaderPromise(entry)
    if (!local.fileName.equals(entry.fileNameRaw) || local.compressionMethod !== entry.compressionMethod)
      throw refuseFolder('Its own header says something else than the directory of the archive.', path)
    let sum = 0
    const content = await zip.openReadStreamPromise(entry)
    for await (const slice of content as AsyncIterable<Buffer>) {
      sum = crc32(slice, sum)
      yield slice
    }
    if (sum !== entry.crc32) throw refuseFolder('Its checksum is wrong: the archive is damaged.', path)
  } catch (cause) {
    if (isAgoraiError(cause)) throw cause
    throw refuseFolder(`It cannot be unpacked: ${cause instanceof Error ? cause.message : 'it is damaged.'}`, path)
  } finally {
    zip.close()
  }
}
