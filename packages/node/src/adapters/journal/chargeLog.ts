import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChargeLog, ChargeRecord } from '../../ports/chargeLog.js'
import { makeFolder, removeQuietly, syncFolder, writeFileAtomic } from '../folder/atomicFiles.js'
import { systemCodeOf, toStorageError } from '../folder/fileErrors.js'
import { openRecordFile, type RecordFile } from './recordFile.js'

/** Holds the name of the gateway. */
export const gatewayFile = 'gateway'
const filePattern = /^charges-(\d{8})\.log$/
const nameOf = (number: number): string => `charges-${String(number).padStart(8, '0')}.log`

/**
 * Opens the charge log of a gateway in a folder. Each start, and each turn, goes on in a new file.
 *
 * @throws AgoraiError `journal_damaged` when something acknowledged cannot be read.
 */
export async function openChargeLog(folder: string): Promise<ChargeLog> {
  await makeFolder(folder)
  const gateway = await nameGateway(folder)
  const before = await numbersIn(folder)
  let number = (before.at(-1) ?? 0) + 1
  let current: RecordFile<ChargeRecord> = await openRecordFile(join(folder, nameOf(number)))

  async function forget(upTo: number): Promise<void> {
    for (const each of await numbersIn(folder)) if (each <= upTo) await removeQuietly(join(folder, nameOf(each)))
    await syncFolder(folder)
  }

  return {
    gateway,
    append: (record) => current.append(record),
    async *replay() {
      for (const each of before) {
        const file = await openRecordFile<ChargeRecord>(join(folder, nameOf(each)))
        try {
          yield* file.replay()
        } finally {
          await file.close()
        }
      }
    },
    assertWritable: () => current.assertWritable(),
    bytes: () => current.bytes(),
    async turn() {
      const ended = number
      const next = await openRecordFile<ChargeRecord>(join(folder, nameOf(number + 1)))
      const last = current
      number += 1
      current = next
      // What was appended before is written before it closes.
      await last.close()
      return () => forget(ended)
    },
    close: () => current.close(),
  }
}

/** The files of a charge log that have charges, oldest first; none where there is no such folder. */
export async function chargeFilesIn(folder: string): Promise<string[]> {
  try {
    return (await numbersIn(folder)).map(nameOf)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw toStorageError(error)
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).flatMap((name) => Number(filePattern.exec(name)?.[1] ?? []))
  return numbers.filter((number) => number > 0).sort((a, b) => a - b)
}

/** The first start draws the name; a gateway that lost its folder is another one. */
async function nameGateway(folder: string): Promise<string> {
  const path = join(folder, gatewayFile)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw toStorageError(error)
  }
  const name = randomBytes(8).toString('hex')
  await writeFileAtomic(path, `${name}\n`, { mode: 0o600 })
  return name
}
