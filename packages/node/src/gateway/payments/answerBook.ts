import type { CallAnswered } from '../../ports/paymentRecords.js'

/** Answers that can be given again, for a day. */
export type AnswerBook = {
  get(scope: string, key: string): CallAnswered | undefined
  remember(record: CallAnswered): void
}

const keptSeconds = 24 * 3_600
/** How many answers come between two sweeps of the old ones. */
const sweepEvery = 1_024

export function createAnswerBook(now = () => Date.now() / 1_000): AnswerBook {
  const answers = new Map<string, CallAnswered>()
  let sinceSweep = 0
  return {
    get(scope, key) {
      const found = answers.get(`${scope}/${key}`)
      return found === undefined || found.at + keptSeconds < now() ? undefined : found
    },
    remember(record) {
      answers.set(`${record.scope}/${record.key}`, record)
      sinceSweep += 1
      if (sinceSweep < sweepEvery) return
      sinceSweep = 0
      const oldest = now() - keptSeconds
      for (const [name, { at }] of answers) if (at < oldest) answers.delete(name)
    },
  }
}
