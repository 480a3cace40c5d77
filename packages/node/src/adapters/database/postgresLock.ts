import { AgoraiError } from '@agorai/core'
import pg from 'pg'

export type TakeLockParameters = {
  url: string
  /** What is locked, the same for all who want it. */
  name: string
  /** Told once when somebody else has it. */
  onWaiting(): void
  /** Told when the lock was held and the connection that held it is gone. */
  onLost(error: AgoraiError): void
}

export type PendingLock = {
  /** Resolves when the lock is held; never once it was released before. */
  held: Promise<void>
  release(): Promise<void>
}

const retryMs = 1_000

/**
 * Waits for an advisory lock of a PostgreSQL database and keeps it on a connection of its own. Whoever dies, or loses the
 * connection, loses it, and the next one that waits takes over.
 */
export function takeLock({ url, name, onWaiting, onLost }: TakeLockParameters): PendingLock {
  let released = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let hasWaited = false

  async function attempt(): Promise<boolean> {
    try {
      client ??= await connect(url)
      const { rows } = await client.query<{ taken: boolean }>(
        'SELECT pg_try_advisory_lock(hashtextextended($1::text, 0)) AS taken',
        [name],
      )
      if (rows[0]?.taken === true) return true
      if (!hasWaited) onWaiting()
      hasWaited = true
    } catch {
      await client?.end().catch(() => {})
      client = undefined
    }
    return false
  }

  const held = new Promise<void>((resolve) => {
    const next = async (): Promise<void> => {
      const taken = await attempt()
      if (released) return
      if (!taken) {
        timer = setTimeout(next, retryMs)
        return
      }
      client?.once('end', () => {
        if (!released) onLost(new AgoraiError('database_unavailable', `The lock of ${name} was lost.`))
      })
      resolve()
    }
    void next()
  })
  return {
    held,
    async release() {
      released = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}

/** The server finds out within ten seconds that a holder's host is gone; by its own settings it takes hours. */
const watched = '-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3'

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    options: watched,
  })
  // What breaks the connection ends it; that is what is listened to.
  client.on('error', () => {})
  await client.connect()
  return client
}
