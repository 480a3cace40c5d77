import { AgoraiError } from '@agorai/core'
import type { Caller } from '../../ports/inference.js'

export type QueueOptions = {
  /** Most calls that are under way or wait; half of them may be of one client. */
  callsMax: number
  /** Most pieces of work that are under way at once. */
  runsMax: number
}

/** Who may use a model next. */
export type Queue = {
  /**
   * Takes a call in. The returned function ends it.
   *
   * @throws AgoraiError `model_overloaded`
   */
  enter(client: string): () => void
  /**
   * Waits for the client's turn: of those that wait, each client has one piece of work after the other. The returned
   * function ends the piece; to be called once. Who gives up before loses the place.
   */
  take(caller: Caller): Promise<() => void>
  /** Runs one piece of work when it is the client's turn. What has begun is waited for. */
  turn<value>(caller: Caller, work: () => Promise<value>): Promise<value>
}

type Waiting = { start(): void; signal: AbortSignal }

/** A queue for one model. */
export function createQueue({ callsMax, runsMax }: QueueOptions): Queue {
  const callsOf = new Map<string, number>()
  let calls = 0
  let runs = 0
  /** Clients who wait, the next one first. */
  const waiting = new Map<string, Waiting[]>()

  function next(): void {
    for (const [client, pieces] of waiting) {
      const piece = pieces.shift()
      waiting.delete(client)
      if (pieces.length > 0) waiting.set(client, pieces)
      if (piece === undefined) continue
      piece.start()
      return
    }
    runs -= 1
  }

  function wait({ client, signal }: Caller): Promise<void> {
    return new Promise((resolve, reject) => {
      const piece: Waiting = {
        signal,
        start() {
          signal.removeEventListener('abort', giveUp)
          resolve()
        },
      }
      const giveUp = () => {
        const left = (waiting.get(client) ?? []).filter((one) => one !== piece)
        if (left.length > 0) waiting.set(client, left)
        else waiting.delete(client)
        reject(signal.reason)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      const pieces = waiting.get(client)
      if (pieces === undefined) waiting.set(client, [piece])
      else pieces.push(piece)
    })
  }

  async function take(caller: Caller): Promise<() => void> {
    caller.signal.throwIfAborted()
    if (runs < runsMax) runs += 1
    else await wait(caller)
    return next
  }

  return {
    take,
    enter(client) {
      const own = callsOf.get(client) ?? 0
      if (calls >= callsMax || own >= Math.ceil(callsMax / 2))
        throw new AgoraiError('model_overloaded', `${calls} calls are under way, ${own} of them yours.`, {
          details: { retryAfterSeconds: 1 },
        })
      calls += 1
      callsOf.set(client, own + 1)
      let entered = true
      return () => {
        if (!entered) return
        entered = false
        calls -= 1
        const left = (callsOf.get(client) ?? 1) - 1
        if (left > 0) callsOf.set(client, left)
        else callsOf.delete(client)
      }
    },
    async turn(caller, work) {
      const end = await take(caller)
      try {
        return await work()
      } finally {
        end()
      }
    },
  }
}
