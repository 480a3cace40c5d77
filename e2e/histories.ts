import fc from 'fast-check'
import { expect } from 'vitest'
import type { Outcome } from './simulatedChain.js'

/** Random histories that core and the contracts both take: 10,000 of them with AGORAI_DEEP=1. */
const isDeep = process.env.AGORAI_DEEP === '1'
/** Of the histories together, and of what it takes to make a failing one small. */
const timeLimitMs = isDeep ? 3_000_000 : 180_000
const seed = Number(process.env.AGORAI_SEED ?? Math.floor(Math.random() * 2 ** 31))

export const runsOf = (usual: number): number => (isDeep ? 10_000 : usual)

/** Compares so many histories, and says how to repeat them. */
export async function compareHistories<step>({
  what,
  runs,
  arbitrary,
  compare,
}: {
  what: string
  runs: number
  arbitrary: fc.Arbitrary<step>
  compare: (history: step) => Promise<void>
}): Promise<void> {
  console.log(`${what}: ${runs} histories from seed ${seed}; repeat with AGORAI_SEED=${seed}`)
  const started = performance.now()
  let compared = 0
  await fc.assert(
    fc.asyncProperty(arbitrary, async (history) => {
      await compare(history)
      if (++compared % 1_000 === 0) console.log(`${compared} in ${Math.round(performance.now() - started)} ms`)
    }),
    { numRuns: runs, seed, interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: true },
  )
}

/** What a call is expected to have done. */
export type Check = (outcome: Outcome) => void

/** Every outcome against its check, in order. */
export function checkAll(outcomes: readonly Outcome[], checks: readonly Check[]): void {
  expect(outcomes).toHaveLength(checks.length)
  for (const [place, outcome] of outcomes.entries()) checks[place]?.(outcome)
}

export const count = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
