import { AgoraiError } from '@agorai/core'
import type { ModelSession } from './openModelThread.js'

export type SessionPoolOptions = {
  /** Most bytes of models that are open at once. */
  bytesMax: number
  /** Most models that are open at once; each has a thread. */
  sessionsMax: number
}

/**
 * Makes a session. It takes room for the bytes of its model before it does.
 *
 * @throws AgoraiError from `takeRoom`: `model_unsupported` for more bytes than there ever are, `model_overloaded` when all
 * that is open is at work.
 */
export type OpenSession = (takeRoom: (bytes: number) => void) => Promise<ModelSession>

/** Sessions that stay warm as long as there is room and they live; who was used least recently goes first, never one that is at work. */
export type SessionPool = {
  /** Lends the session of this name, which `open` makes when it is not warm. @throws what `open` throws. */
  use<value>(name: string, open: OpenSession, work: (session: ModelSession) => Promise<value>): Promise<value>
  /** Takes a session for as long as it is held. The returned function gives it back. */
  hold(name: string, open: OpenSession): Promise<{ session: ModelSession; giveBack(): Promise<void> }>
  /** Lets go of a session, once it is not at work any more. */
  drop(name: string): Promise<void>
  /** Bytes of what is open. */
  bytes(): number
  /** Lets go of all sessions, also of those that somebody holds, and waits for what they run. */
  close(): Promise<void>
}

type Held = { opened: Promise<ModelSession>; bytes: number; users: number; dropped: boolean }

export function createSessionPool({ bytesMax, sessionsMax }: SessionPoolOptions): SessionPool {
  /** The one that was used last comes last. */
  const held = new Map<string, Held>()
  /** With those that were dropped while they were at work. */
  const living = new Set<Held>()
  const total = () => [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0)

  async function release(one: Held): Promise<void> {
    await one.opened.then(
      (session) => session.release(),
      () => {},
    )
    living.delete(one)
  }

  async function drop(name: string): Promise<void> {
    const one = held.get(name)
    if (one === undefined) return
    held.delete(name)
    one.dropped = true
    if (one.users === 0) await release(one)
  }

  function takeRoom(own: Held, bytes: number): void {
    if (bytes > bytesMax)
      throw new AgoraiError('model_unsupported', `The model has ${bytes} bytes, and this node opens ${bytesMax}.`, {
        details: { bytes, bytesMax },
      })
    const idle = [...held].filter(([, one]) => one.users === 0)
    const lacksRoom = () => total() + bytes > bytesMax || held.size > sessionsMax
    for (const [name] of idle) if (lacksRoom()) void drop(name)
    if (lacksRoom())
      throw new AgoraiError('model_overloaded', 'All models that are open here are at work.', {
        details: { retryAfterSeconds: 2 },
      })
    own.bytes = bytes
  }

  function begin(name: string, open: OpenSession): Held {
    const one: Held = { opened: Promise.resolve() as never, bytes: 0, users: 0, dropped: false }
    // Not before it stands among the others: what it makes room for is counted with them.
    one.opened = Promise.resolve().then(() => open((bytes) => takeRoom(one, bytes)))
    const forget = () => {
      living.delete(one)
      if (held.get(name) === one) held.delete(name)
    }
    living.add(one)
    // What ended by itself is opened again when it is asked for.
    one.opened.then(({ ended }) => ended.then(forget), forget)
    return one
  }

  async function hold(name: string, open: OpenSession) {
    const one = held.get(name) ?? begin(name, open)
    held.delete(name)
    held.set(name, one)
    one.users += 1
    let given = false
    const giveBack = async () => {
      if (given) return
      given = true
      one.users -= 1
      if (one.users === 0 && one.dropped) await release(one)
    }
    try {
      return { session: await one.opened, giveBack }
    } catch (error) {
      await giveBack()
      throw error
    }
  }

  return {
    hold,
    async use(name, open, work) {
      const { session, giveBack } = await hold(name, open)
      try {
        return await work(session)
      } finally {
        await giveBack()
      }
    },
    drop,
    bytes: total,
    async close() {
      for (const name of held.keys()) void drop(name)
      await Promise.all([...living].map(release))
    },
  }
}
