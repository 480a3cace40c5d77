import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCodeOf } from '../adapters/folder/fileErrors.js'
import { scanJournal } from '../adapters/journal/scanJournal.js'
import type { NodeConfig } from '../config.js'
import type { JournalRecord } from '../ports/journal.js'
import { openJournal } from './identity.js'

export const journalPath = (dataFolder: string): string => join(dataFolder, 'journal', 'journal.log')

/** Where a gateway's charge log is, in its own data folder wherever the journal is. */
export const chargesPath = (dataFolder: string): string => join(dataFolder, 'charges')

/**
 * What an operator acknowledged, oldest first, without taking the journal from a node that is running.
 *
 * @throws AgoraiError `journal_damaged`
 */
export async function* readJournal(config: NodeConfig): AsyncGenerator<JournalRecord> {
  if (config.journal === 'file') {
    yield* readJournalFile(journalPath(config.dataFolder))
    return
  }
  const journal = await openJournal(config)
  try {
    yield* journal.replay()
  } finally {
    await journal.close()
  }
}

/** Nothing where there is no such file. @throws AgoraiError `journal_damaged` */
export async function* readJournalFile(path: string): AsyncGenerator<JournalRecord> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    for await (const { payload } of scanJournal(handle)) yield JSON.parse(Buffer.from(payload).toString())
  } finally {
    await handle.close()
  }
}
