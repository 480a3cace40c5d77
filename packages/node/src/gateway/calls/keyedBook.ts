import type { CallBegun, CallEnded, KeptAnswer } from '../../ports/sessionRecords.js'

/** What is known of an idempotency key: its last attempt. */
export type KeyedEntry = Omit<CallBegun, 'kind'> & { ended: boolean; answer: KeptAnswer | undefined }

/** Calls with idempotency keys, of the last day. */
export type KeyedBook = {
  get(scope: string, key: string): KeyedEntry | undefined
  /** The number of the next attempt under a key whose day is over, or that is new as far as is known. */
  nextAttempt(scope: string, key: string): number
  /** What a gateway began and did not end. */
  begunBy(gateway: string): KeyedEntry[]
  apply(record: CallBegun | CallEnded): void
}

/** A little more than a day, so that nobody's clock shortens it. */
export const keyKeptSeconds = 25 * 3_600
const bodyCharactersMax = 256 * 1024 * 1024

export function createKeyedBook(now: () => number = () => Date.now() / 1000): KeyedBook {
  const entries = new Map<string, KeyedEntry>()
  let characters = 0

  const nameOf = ({ scope, key }: { scope: string; key: string }) => `${scope}/${key}`
  const charactersOf = (entry: KeyedEntry): number => entry.answer?.body?.length ?? 0

  /** The oldest come first. What is old is forgotten; where bodies take too much room, the oldest bodies are. */
  function sweep(): void {
    const oldest = now() - keyKeptSeconds
    for (const [name, entry] of entries) {
      if (entry.at < oldest) entries.delete(name)
      else if (characters <= bodyCharactersMax) return
      characters -= charactersOf(entry)
      if (entry.answer !== undefined) entry.answer = { ...entry.answer, body: undefined }
    }
  }

  return {
    get: (scope, key) => {
      const entry = entries.get(nameOf({ scope, key }))
      return entry === undefined || entry.at < now() - keyKeptSeconds ? undefined : entry
    },
    nextAttempt: (scope, key) => (entries.get(nameOf({ scope, key }))?.attempt ?? -1) + 1,
    begunBy: (gateway) => [...entries.values()].filter((entry) => entry.gateway === gateway && !entry.ended),
    apply(record) {
      const name = nameOf(record)
      const known = entries.get(name)
      if (record.kind === 'call-begun') {
        if (known !== undefined && !mayFollow(known, record)) return
        const { kind: _, ...begun } = record
        if (known !== undefined) characters -= charactersOf(known)
        entries.delete(name)
        entries.set(name, { ...begun, ended: false, answer: undefined })
        sweep()
        return
      }
      if (known === undefined || known.ended || known.attempt !== record.attempt) return
      known.ended = true
      known.answer = record.answer
      characters += charactersOf(known)
    },
  }
}

/** An attempt follows one that came to nothing, or whose day was over. */
const mayFollow = (known: KeyedEntry, { attempt, at }: CallBegun): boolean =>
  known.at < at - keyKeptSeconds || (attempt > known.attempt && known.ended && known.answer === undefined)
