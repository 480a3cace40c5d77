import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { isAgoraiError } from '@agorai/core'
import { type LocalFile, statFile, streamFile } from './localFile.js'
import { refuseFolder } from './packFolder.js'
import { assertPlausible } from './unpacking.js'

/** An unpacked copy in a folder that nobody else can read, until it is closed. */
export type Unpacked = LocalFile & { close(): Promise<void> }

/**
 * Unpacks a gzip file into a temporary copy: how long it will be, and any part of it, is known only when all of it has
 * been unpacked.
 *
 * @throws AgoraiError `archive_invalid`
 */
export async function unpackGzip(archive: LocalFile): Promise<Unpacked> {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-unpack-'))
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true })
  const path = join(folder, 'content')
  try {
    const target = await open(path, 'wx', 0o600)
    try {
      let bytes = 0
      await pipeline(streamFile(archive), createGunzip(), async (slices: AsyncIterable<Buffer>) => {
        for await (const slice of slices) {
          bytes += slice.length
          assertPlausible(bytes, archive.bytes)
          await target.writeFile(slice)
        }
      })
    } finally {
      await target.close()
    }
    return { ...(await statFile(path)), close }
  } catch (cause) {
    await close()
    if (isAgoraiError(cause)) throw cause
    throw refuseFolder(`The gzip file cannot be unpacked: ${cause instanceof Error ? cause.message : 'it is damaged.'}`)
  }
}
