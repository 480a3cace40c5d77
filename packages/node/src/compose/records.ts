import type { NodeConfig } from '../config.js'
import type { Journal, JournalRecord } from '../ports/journal.js'
import type { SettlementRecords } from '../ports/settlement.js'
import { openJournal } from './identity.js'

/**
 * A journal whose records are also told to a worker in the same process: a journal in a file has no other reader while it
 * is written.
 */
export function shareJournal(journal: Journal): { journal: Journal; records: SettlementRecords } {
  let before: AsyncGenerator<JournalRecord> | undefined = journal.replay()
  const waiting: JournalRecord[] = []
  return {
    journal: {
      ...journal,
      async append(record) {
        const standing = await journal.append(record)
        waiting.push(standing)
        return standing
      },
    },
    records: {
      async *news() {
        if (before !== undefined) yield* before
        before = undefined
        yield* waiting.splice(0)
      },
      close: async () => {},
    },
  }
}

/** What all gateways wrote down, read from where they write it. */
export async function openRecords(config: NodeConfig): Promise<SettlementRecords> {
  const journal = await openJournal(config)
  let begun = false
  return {
    async *news() {
      if (begun) yield* journal.news?.() ?? journal.replay()
      else yield* journal.replay()
      begun = true
    },
    close: journal.close,
  }
}
