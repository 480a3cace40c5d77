/** Runs a piece of work when it is this client's turn. */
export type Turns = <value>(client: string, work: () => Promise<value>) => Promise<value>

/**
 * Shares work among clients: so many pieces run at once, and those that wait are taken from each client in turn, however
 * many one of them brings. Nobody waits longer than it takes everybody else to have one piece done.
 */
export function createTurns({ runningMax }: { runningMax: number }): Turns {
  let running = 0
  /** Clients who wait, the next one first. */
  const waiting = new Map<string, (() => void)[]>()

  function next(): void {
    for (const [client, pieces] of waiting) {
      const piece = pieces.shift()
      waiting.delete(client)
      if (pieces.length > 0) waiting.set(client, pieces)
      // The place is handed over, so the count of those that run stays as it is.
      piece?.()
      return
    }
    running -= 1
  }

  return async (client, work) => {
    if (running < runningMax) running += 1
    else
      await new Promise<void>((resolve) => {
        const pieces = waiting.get(client)
        if (pieces === undefined) waiting.set(client, [resolve])
        else pieces.push(resolve)
      })
    try {
      return await work()
    } finally {
      next()
    }
  }
}
