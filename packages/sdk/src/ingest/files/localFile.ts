import { type FileHandle, open, stat } from 'node:fs/promises'
import { AgoraiError } from '@agorai/core'

/** A file as it was found, so that a later read is known to be of the same. */
export type LocalFile = { path: string; bytes: number; changed: number; id: number }

const sliceBytes = 1_048_576

/**
 * A plain file on this machine.
 *
 * @throws AgoraiError `invalid_request` when there is none that can be read
 */
export async function statFile(path: string): Promise<LocalFile> {
  // Opening a pipe waits for whoever writes into it.
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (!found.isFile()) throw unreadable(path, undefined)
  const handle = await openHandle(path)
  try {
    return { path, ...(await identify(handle)) }
  } finally {
    await handle.close()
  }
}

/**
 * Reads a part of a file, slice by slice, and not beyond the length that it was found with.
 *
 * @throws AgoraiError `source_changed` when it is not the file that was found
 */
export async function* streamFile(file: LocalFile, start = 0, end = file.bytes): AsyncGenerator<Uint8Array> {
  const handle = await reopen(file)
  try {
    for (let at = start; at < end; ) {
      const slice = await readPart(handle, file, at, Math.min(end, at + sliceBytes))
      at += slice.length
      yield slice
    }
    await assertSame(handle, file)
  } finally {
    await handle.close()
  }
}

/** @throws AgoraiError `source_changed` */
export async function readFilePart(file: LocalFile, start: number, end: number): Promise<Uint8Array> {
  const handle = await reopen(file)
  try {
    return await readPart(handle, file, start, end)
  } finally {
    await handle.close()
  }
}

async function reopen(file: LocalFile): Promise<FileHandle> {
  const handle = await openHandle(file.path)
  try {
    await assertSame(handle, file)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function openHandle(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

async function identify(handle: FileHandle): Promise<Omit<LocalFile, 'path'>> {
  const found = await handle.stat()
  return { bytes: found.size, changed: found.mtimeMs, id: found.ino }
}

async function assertSame(handle: FileHandle, file: LocalFile): Promise<void> {
  const { bytes, changed, id } = await identify(handle)
  if (bytes !== file.bytes || changed !== file.changed || id !== file.id) throw changedFile(file)
}

async function readPart(handle: FileHandle, file: LocalFile, start: number, end: number): Promise<Uint8Array> {
  const part = new Uint8Array(end - start)
  for (let filled = 0; filled < part.length; ) {
    const { bytesRead } = await handle.read(part, filled, part.length - filled, start + filled)
    if (bytesRead === 0) throw changedFile(file)
    filled += bytesRead
  }
  return part
}

const changedFile = ({ path }: LocalFile): AgoraiError =>
  new AgoraiError('source_changed', `${path} changed while it was read.`, { field: 'file' })

const unreadable = (path: string, cause: unknown): AgoraiError =>
  new AgoraiError('invalid_request', `${path} is not a file that can be read.`, { field: 'file', cause })
