import { setTimeout as pause } from 'node:timers/promises'
import type { Catalogue } from '../ports/catalogue.js'
import type { Database } from '../ports/database.js'

/** Between two looks at the index while somebody waits. */
const pollMs = 200
/** Looks after which whoever waits is answered although nothing happened. */
const looksMax = 50

/** Waits for the index to move. However many wait, there is one look at a time. */
export function createNextBlock(database: Database): Catalogue['nextBlock'] {
  let looking: Promise<string | undefined> | undefined
  const look = () => {
    looking ??= readTip(database).finally(() => {
      looking = undefined
    })
    return looking
  }
  return async (seen, signal) => {
    for (let looks = 0; ; looks++) {
      const tip = await look()
      if (tip !== seen || looks >= looksMax || signal.aborted) return tip
      await pause(pollMs, undefined, { signal }).catch(() => {})
    }
  }
}

async function readTip(database: Database): Promise<string | undefined> {
  const [progress] = await database.query<{ hash: string | null }>('SELECT hash FROM progress')
  return progress?.hash ?? undefined
}
