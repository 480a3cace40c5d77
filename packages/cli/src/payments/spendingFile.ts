import { noSpending, type Spending, type SpendingPolicy } from '@agorai/core'
import { parsePolicy, parseSpending, type SpendingStore } from '@agorai/sdk'
import { readState, withLock, writeState } from './stateFile.js'

/** What an account spent, in a file: a restart does not forget it, and two processes do not spend the same rest. */
export const openSpendingFile = (path: string): SpendingStore => ({
  update: (change) =>
    withLock(path, async () => {
      const after = change((await readState(path, parseSpending)) ?? noSpending)
      await writeState(path, after)
      return after
    }),
})

/** The policy that `agorai policy` wrote; undefined where there is none. */
export const readPolicy = (path: string): Promise<SpendingPolicy | undefined> => readState(path, parsePolicy)

/** What was spent so far, by the file. */
export const readSpending = async (path: string): Promise<Spending> =>
  (await readState(path, parseSpending)) ?? noSpending
