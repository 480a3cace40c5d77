import { mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'

export type Spooled<last> = {
  path: string
  /** What the stream returned at its end. */
  last: last
  close(): Promise<void>
}

/**
 * Writes a stream into a temporary file that nobody else can read, until it is closed.
 *
 * @param bytes Its length, where that is known before: what does not fit on the disk is then not begun.
 * @throws AgoraiError `storage_full`, and what reading the stream throws
 */
export async function spool<last>(
  fileName: string,
  content: AsyncGenerator<Uint8Array, last>,
  bytes = 0,
): Promise<Spooled<last>> {
  const { bavail, bsize } = await statfs(tmpdir())
  if (bytes > bavail * bsize) throw storageFull()
  const folder = await mkdtemp(join(tmpdir(), 'agorai-source-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, fileName)
    const file = await open(path, 'wx', 0o600)
    try {
      for (;;) {
        const { done, value } = await content.next()
        if (done === true) return { path, last: value, close }
        await file.writeFile(value)
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    await close()
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw storageFull(error)
    throw error
  }
}

const storageFull = (cause?: unknown): AgoraiError =>
  new AgoraiError('storage_full', `It must be copied into ${tmpdir()} first, and is larger than what is free there.`, {
    cause,
  })
