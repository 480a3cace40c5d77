import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgoraiError, isAgoraiError } from '@agorai/core'
import { makeFolder, syncFolder, writeAll, writeAllSync } from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'
import { encodeRecords, journalMagic, payloadBytesMax } from './journalFormat.js'
import { scanJournal } from './scanJournal.js'

type Pending<record> = { record: record; payload: string; resolve(record: record): void; reject(error: unknown): void }

/** Records in one file, each durable before it is acknowledged. */
export type RecordFile<record> = {
  /** Resolves once the record is on the disk. Concurrent appends share one sync. */
  append(record: record): Promise<record>
  /** All records that were on the disk when the file was opened, oldest first. */
  replay(): AsyncGenerator<record>
  /** All records that are on the disk by now. */
  readAll(): AsyncGenerator<record>
  /** Bytes of what is on the disk. */
  bytes(): number
  assertWritable(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a file of records, creating it where it is missing. A torn end that was never acknowledged is cut off.
 *
 * @throws AgoraiError `journal_damaged` when something acknowledged cannot be read; the file is left as it is.
 */
export async function openRecordFile<record>(path: string): Promise<RecordFile<record>> {
  await makeFolder(dirname(path))
  const handle = await openFile(path)
  let soundBytes: number
  try {
    soundBytes = await prepare(handle)
    await syncFolder(dirname(path))
  } catch (error) {
    await handle.close()
    throw toStorageError(error)
  }

  let synced = soundBytes
  let pending: Pending<record>[] = []
  let failure: AgoraiError | undefined
  let flushing: Promise<void> | undefined

  /** Writes everything that waits, syncs once, answers everybody, until nobody waits. */
  async function flush(): Promise<void> {
    while (pending.length > 0) {
      // Whoever is read from the network in this turn of the loop comes along.
      await turn()
      const group = pending
      pending = []
      try {
        if (failure !== undefined) throw failure
        const bytes = encodeRecords(
          group.map(({ payload }) => payload),
          synced,
        )
        // Into the system's memory, which takes less than to hand it to another thread: only the sync waits for the disk.
        writeAllSync(handle.fd, bytes, synced)
        await handle.datasync()
        synced += bytes.length
        for (const { record, resolve } of group) resolve(record)
      } catch (error) {
        failure ??= toJournalError(error)
        for (const { reject } of group) reject(failure)
      }
    }
    flushing = undefined
  }

  async function* readUpTo(bytes: number): AsyncGenerator<record> {
    if (bytes <= journalMagic.length) return
    for await (const { payload, end } of scanJournal(handle)) {
      if (end > bytes) return
      yield parseRecord<record>(payload, end)
      if (end === bytes) return
    }
  }

  return {
    append(record) {
      if (failure !== undefined) return Promise.reject(failure)
      const payload = JSON.stringify(record)
      if (Buffer.byteLength(payload) > payloadBytesMax)
        return Promise.reject(
          new AgoraiError('payload_too_large', `A journal record has at most ${payloadBytesMax} bytes.`),
        )
      return new Promise((resolve, reject) => {
        pending.push({ record, payload, resolve, reject })
        flushing ??= flush()
      })
    },
    replay: () => readUpTo(soundBytes),
    readAll: () => readUpTo(synced),
    bytes: () => synced,
    async assertWritable() {
      if (failure !== undefined) throw failure
    },
    async close() {
      await flushing
      failure ??= new AgoraiError('node_unavailable', 'The journal is closed.')
      await handle.close()
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function openFile(path: string): Promise<FileHandle> {
  try {
    // Not opened for appending, because the sound length decides where the next record goes.
    return await open(path, 'r+')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return open(path, 'wx+', 0o600)
    throw toStorageError(error)
  }
}

/** Checks the whole file, cuts off a torn end and returns the length of the rest. */
async function prepare(handle: FileHandle): Promise<number> {
  const scan = scanJournal(handle)
  let step = await scan.next()
  while (!step.done) step = await scan.next()
  const soundBytes = Math.max(step.value, journalMagic.length)
  if (step.value === 0) await writeAll(handle, journalMagic, 0)
  await handle.truncate(soundBytes)
  await handle.sync()
  return soundBytes
}

function toJournalError(error: unknown): AgoraiError {
  const storage = toStorageError(error)
  if (isAgoraiError(storage)) return storage
  return new AgoraiError('storage_full', 'The journal cannot be written; nothing more is accepted until a restart.', {
    cause: error,
  })
}

function parseRecord<record>(payload: Uint8Array, end: number): record {
  try {
    // The checksum held, so these are the bytes that this program wrote.
    return JSON.parse(Buffer.from(payload).toString('utf8')) as record
  } catch (cause) {
    throw new AgoraiError('journal_damaged', `The record before byte ${end} is not readable.`, { cause })
  }
}
