import { AgoraiError } from '@agorai/core'

export type CreateGateOptions = { runningMax: number; waitingMax: number }

/**
 * Lets a bounded number of heavy jobs run at once and a bounded number wait for their turn.
 *
 * @throws AgoraiError `busy`, from the returned function, when too many wait.
 */
export function createGate({ runningMax, waitingMax }: CreateGateOptions) {
  let running = 0
  const waiting: (() => void)[] = []
  return async function run<value>(job: () => Promise<value>): Promise<value> {
    if (running >= runningMax) {
      if (waiting.length >= waitingMax) throw new AgoraiError('busy', `${waiting.length} requests are waiting already.`)
      // Whoever ends hands its place over, so the count of those that run stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else running += 1
    try {
      return await job()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
