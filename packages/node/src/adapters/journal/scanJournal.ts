import type { FileHandle } from 'node:fs/promises'
import { AgoraiError } from '@agorai/core'
import { decodeRecord, headerBytes, journalMagic, payloadBytesMax, recordLength } from './journalFormat.js'

const windowBytes = 4 * (headerBytes + payloadBytesMax)

export type ScannedRecord = { payload: Uint8Array; end: number }

/**
 * Reads the records of a journal in order and stops at its end, or where a crash tore it.
 *
 * @returns Length of the sound part.
 * @throws AgoraiError `journal_damaged` when something that was acknowledged cannot be read.
 */
export async function* scanJournal(handle: FileHandle): AsyncGenerator<ScannedRecord, number> {
  const { size } = await handle.stat()
  const magic = await readAt(handle, 0, journalMagic.length)
  if (!magic.equals(journalMagic.subarray(0, magic.length))) throw damaged(0)
  if (magic.length < journalMagic.length) return 0
  let at = journalMagic.length
  while (at < size) {
    const window = await readAt(handle, at, windowBytes)
    let offset = 0
    for (;;) {
      const record = decodeRecord(window, offset)
      if (record === undefined) break
      if (record.synced > at + offset) throw damaged(at + offset)
      offset += record.bytes
      yield { payload: record.payload, end: at + offset }
    }
    // A window holds any record whole, so a window without a sound first record has reached the end or damage.
    if (offset === 0) {
      await assertTorn(handle, at, size)
      return at
    }
    at += offset
  }
  return at
}

/**
 * What follows the last sound record is a torn end only if a write that stopped can leave it so: a record that runs past
 * the end of the file, or nothing but zeros where its end should be. Anything else was whole once, and may have been
 * acknowledged.
 */
async function assertTorn(handle: FileHandle, at: number, size: number): Promise<void> {
  const header = await readAt(handle, at, headerBytes)
  const length = recordLength(header, 0)
  const isCutHeader = header.length < headerBytes
  if (length === undefined && !isCutHeader && !(await isZeroFrom(handle, at, size))) throw damaged(at)
  // A record is text in braces, so it does not end in a zero that was written.
  const lastByte = at + headerBytes + (length ?? 0) - 1
  if (length !== undefined && lastByte < size - 1 && !(await isZeroFrom(handle, lastByte, size))) throw damaged(at)
  if (await hasRecordAfter(handle, at, size)) throw damaged(at)
}

/** A sound record behind the torn one shows that not the end was torn: a length was changed. */
async function hasRecordAfter(handle: FileHandle, at: number, size: number): Promise<boolean> {
  for (let from = at + 1; from < size; from += windowBytes - headerBytes - payloadBytesMax) {
    const window = await readAt(handle, from, windowBytes)
    for (let offset = 0; offset + headerBytes < window.length; offset++)
      if (decodeRecord(window, offset) !== undefined) return true
  }
  return false
}

async function isZeroFrom(handle: FileHandle, from: number, size: number): Promise<boolean> {
  for (let at = from; at < size; at += windowBytes)
    if ((await readAt(handle, at, windowBytes)).some((byte) => byte !== 0)) return false
  return true
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

const damaged = (offset: number): AgoraiError =>
  new AgoraiError('journal_damaged', `The record at byte ${offset} cannot be read.`, { details: { offset } })
