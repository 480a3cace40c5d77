import { setTimeout as pause } from 'node:timers/promises'
import type { PostgresJournal } from '../adapters/journal/postgresJournal.js'
import type { Journal } from '../ports/journal.js'

const everyMs = 6 * 3_600_000

/** Deletes from a shared journal, now and again and again, the answers that nobody can ask for any more. @returns Ends it. */
export function forgetAnswers(
  journal: Journal | PostgresJournal,
  onWarning: (message: string, cause?: unknown) => void,
): () => Promise<void> {
  // A journal in a file forgets them when it is opened.
  if (!('forgetAnswers' in journal)) return async () => {}
  const forget = journal.forgetAnswers
  const ending = new AbortController()
  const { signal } = ending
  async function run(): Promise<void> {
    while (!signal.aborted) {
      await forget().catch((cause: unknown) => onWarning('Old answers could not be deleted; it is tried again.', cause))
      await pause(everyMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
  const running = run()
  return async () => {
    ending.abort()
    await running
  }
}
