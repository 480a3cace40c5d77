import { type Journal, type JournalRecord, nameOfRecord } from '../../ports/journal.js'
import { openRecordFile } from './recordFile.js'

/**
 * Opens the journal in one file, creating it where it is missing. A torn end that was never acknowledged is cut off.
 *
 * @throws AgoraiError `journal_damaged` when something acknowledged cannot be read; the file is left as it is.
 */
export async function openFileJournal(path: string): Promise<Journal> {
  const { append, replay, readAll, assertWritable, close } = await openRecordFile<JournalRecord>(path)
  return {
    append,
    replay,
    async find(names) {
      const wanted = new Set(names)
      const found: JournalRecord[] = []
      for await (const record of readAll()) if (wanted.has(nameOfRecord(record))) found.push(record)
      return found
    },
    assertWritable,
    close,
  }
}
