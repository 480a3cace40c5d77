import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Makes the names in a folder durable: without it a power cut may forget a file that was renamed into place. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Creates a folder, with those above it, for this user only, and makes their names durable; that of the folder itself also
 * when it is there already, left by a process that got no further.
 */
export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder)
  const first = resolve((await mkdir(path, { recursive: true, mode: 0o700 })) ?? path)
  for (let made = path; made.length >= first.length && made !== dirname(made); made = dirname(made))
    await syncFolder(dirname(made))
}

/** Writes all of `bytes` at a position; the system may take less than it is given. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

/** The same at once, into the system's memory. */
export function writeAllSync(fd: number, bytes: Uint8Array, position: number): void {
  let written = 0
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, position + written)
}

export const temporaryName = (path: string): string => `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`

export type WriteFileAtomicOptions = {
  mode?: number
  /** Fail with `EEXIST` instead of replacing a file that is already there. */
  exclusive?: boolean
}

/** Writes a whole file that appears at once, durable when the promise resolves. */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  options: WriteFileAtomicOptions = {},
): Promise<void> {
  const temporary = temporaryName(path)
  const handle = await open(temporary, 'wx', options.mode ?? 0o644)
  try {
    try {
      await writeAll(handle, typeof data === 'string' ? Buffer.from(data) : data, 0)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (options.exclusive) await link(temporary, path)
    else await rename(temporary, path)
  } catch (error) {
    await removeQuietly(temporary)
    throw error
  }
  if (options.exclusive) await removeQuietly(temporary)
  await syncFolder(dirname(path))
}

/** Removes a file that may be gone already. */
export async function removeQuietly(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch {
    // What is left over has a temporary name; the next start clears it.
  }
}
