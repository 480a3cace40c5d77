import { basename } from 'node:path'
import { readFilePart, statFile, streamFile } from './files/localFile.js'
import { inspectSource } from './inspectSource.js'
import type { LocalSource } from './localSource.js'

/**
 * A file on this machine as a content. Its format is found from its bytes; a file that changes while it is published is
 * noticed.
 *
 * @throws AgoraiError `invalid_request` when it cannot be read, `unsafe_format`, `content_unreadable`; reading throws
 * `source_changed`
 */
export async function openFile(path: string): Promise<LocalSource> {
  const file = await statFile(path)
  const fileName = basename(path)
  const read = (start: number, end: number): Promise<Uint8Array> => readFilePart(file, start, end)
  const format = await inspectSource({ fileName, bytes: file.bytes, read })
  return {
    fileName,
    mediaType: format.mediaType,
    bytes: file.bytes,
    stream: () => streamFile(file),
    read,
    format,
    path,
  }
}
