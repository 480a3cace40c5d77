import type { TakenDown } from '../../ports/journal.js'

/** Every decision on what is served, oldest first. The last one on a target stands. */
export type TakedownBook = {
  all(): readonly TakenDown[]
  lastOf(target: string): TakenDown | undefined
  /** Whether nothing is taken down at present. */
  isEmpty(): boolean
  add(decided: TakenDown): void
}

export function createTakedownBook(): TakedownBook {
  const byRecord = new Map<string, TakenDown>()
  const last = new Map<string, TakenDown>()
  return {
    all: () => [...byRecord.values()],
    lastOf: (target) => last.get(target),
    isEmpty: () => ![...last.values()].some(({ decision }) => decision.action === 'take-down'),
    add(decided) {
      if (byRecord.has(decided.record)) return
      byRecord.set(decided.record, decided)
      last.set(decided.decision.target, decided)
    },
  }
}
