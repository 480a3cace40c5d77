import type { CallAnswered } from '../../ports/paymentRecords.js'

/** Answers that can be given again, for a day. */
export type AnswerBook = {
  get(scope: string, key: string): CallAnswered | undefined
  remember(record: CallAnswered): void
}

const keptSeconds = 24 * 3_600
/** How many answers come between two sweeps of the old ones. */
const sweepEvery = 1_024
const bodyCharactersMax = 256 * 1024 * 1024

/** @param charactersMax Of all bodies. Above it the oldest answers go, whose payments are not taken a second time either. */
export function createAnswerBook(now = () => Date.now() / 1_000, charactersMax = bodyCharactersMax): AnswerBook {
  const answers = new Map<string, CallAnswered>()
  let characters = 0
  let sinceSweep = 0

  function forget(name: string): void {
    characters -= answers.get(name)?.body.length ?? 0
    answers.delete(name)
  }

  return {
    get(scope, key) {
      const found = answers.get(`${scope}/${key}`)
      return found === undefined || found.at + keptSeconds < now() ? undefined : found
    },
    remember(record) {
      const oldest = now() - keptSeconds
      if (record.at < oldest) return
      const name = `${record.scope}/${record.key}`
      forget(name)
      answers.set(name, record)
      characters += record.body.length
      for (const first of answers.keys()) {
        if (characters <= charactersMax) break
        forget(first)
      }
      sinceSweep += 1
      if (sinceSweep < sweepEvery) return
      sinceSweep = 0
      for (const [known, { at }] of answers) if (at < oldest) forget(known)
    },
  }
}
