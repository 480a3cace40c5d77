import { basename } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { headBytes, isCar } from './detectFormat.js'
import { listTar } from './files/listTar.js'
import { type LocalFile, readFilePart, statFile, streamFile } from './files/localFile.js'
import { packFolder } from './files/packFolder.js'
import { unpackGzip } from './files/unpackGzip.js'
import type { Listing } from './files/unpacking.js'
import { inspectSource } from './inspectSource.js'
import type { LocalSource } from './localSource.js'

const isZip = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b
const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b
const isTar = (head: Uint8Array): boolean => String.fromCharCode(...head.subarray(257, 262)) === 'ustar'

/**
 * An archive as a content: the files in it, as if they were a folder; or the one file that a `.gz` or the root of a CAR
 * file is. Zip, tar, gzip and CAR are known, archives inside of them stay files, and hidden files are left out, and said.
 * A gzip file is unpacked into a temporary copy, which `close` removes.
 *
 * @throws AgoraiError `invalid_request` when it cannot be read; `archive_invalid` for what is damaged, encrypted, a link, a
 * device, there twice, laid over another, incomplete, or unpacks to far more than it is; `integrity_failed` for a block
 * that is not the one of its CID; `unsafe_name`, `unsafe_format`, `content_unreadable`
 */
export async function openArchive(path: string): Promise<LocalSource> {
  const archive = await statFile(path)
  const name = basename(path)
  const head = await readFilePart(archive, 0, Math.min(archive.bytes, headBytes))
  if (isZip(head)) {
    const { listZip } = await import('./files/listZip.js')
    return openListing(name.replace(/\.zip$/i, ''), await listZip(archive))
  }
  if (isTar(head)) return openListing(name.replace(/\.tar$/i, ''), await listTar(archive))
  if (isCar(head)) return openCar(name.replace(/\.car$/i, ''), archive)
  if (!isGzip(head))
    throw new AgoraiError('archive_invalid', 'The archive is neither zip nor tar nor gzip nor CAR.', {
      field: 'content',
    })
  const unpacked = await unpackGzip(archive)
  try {
    return { ...(await openUnpacked(name, unpacked)), close: unpacked.close }
  } catch (error) {
    await unpacked.close()
    throw error
  }
}

async function openUnpacked(name: string, unpacked: LocalFile): Promise<LocalSource> {
  const head = await readFilePart(unpacked, 0, Math.min(unpacked.bytes, headBytes))
  if (isTar(head)) return openListing(name.replace(/\.(tgz|tar\.gz)$/i, ''), await listTar(unpacked))
  const fileName = name.replace(/\.gz$/i, '') || 'content'
  const { bytes, path } = unpacked
  const read = (start: number, end: number): Promise<Uint8Array> => readFilePart(unpacked, start, end)
  const format = await inspectSource({ fileName, bytes, read })
  return { fileName, mediaType: format.mediaType, bytes, stream: () => streamFile(unpacked), read, format, path }
}

/** What a CAR file has is a folder, or a file that takes its name. */
async function openCar(name: string, archive: LocalFile): Promise<LocalSource> {
  const { listCar } = await import('./files/listCar.js')
  const car = await listCar(archive)
  if ('listing' in car) return openListing(name, car.listing)
  const fileName = name || 'content'
  const format = await inspectSource({ fileName, ...car.file })
  return { fileName, mediaType: format.mediaType, ...car.file, format }
}

const openListing = async (name: string, { open, leftOut }: Listing): Promise<LocalSource> =>
  packFolder(name || 'archive', await open(), leftOut)
