import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError, isSessionId } from '@agorai/core'
import { type KeptSession, parseKeptSession } from '@agorai/sdk'
import { readState, withLock, writeState } from './stateFile.js'

/** The sessions that were opened and not closed, a file each. */
export function openSessionFiles(folder: string) {
  const pathOf = (session: string): string => {
    if (isSessionId(session)) return join(folder, `${session}.json`)
    throw new AgoraiError(
      'invalid_request',
      'The id of a session has 22 characters; `agorai session show` lists them.',
      {
        field: 'session',
      },
    )
  }
  const read = (session: string) => readState(pathOf(session), parseKeptSession)
  return {
    async list(): Promise<KeptSession[]> {
      const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
      const found = await Promise.all(names.map((name) => read(name.slice(0, -'.json'.length))))
      return found.filter((kept) => kept !== undefined)
    },
    /** @throws AgoraiError `not_found` */
    async get(session: string): Promise<KeptSession> {
      const kept = await read(session)
      if (kept !== undefined) return kept
      throw notKept(session)
    },
    save: (kept: KeptSession): Promise<void> => writeState(pathOf(kept.session), kept),
    /** The next counter, which no other process of this user gets. */
    countOn: (session: string): Promise<number> =>
      withLock(pathOf(session), async () => {
        const kept = await read(session)
        if (kept === undefined) throw notKept(session)
        const counter = kept.counter + 1
        await writeState(pathOf(session), { ...kept, counter })
        return counter
      }),
    /** Adds what a call came to. */
    addCharge: (session: string, amount: bigint): Promise<void> =>
      withLock(pathOf(session), async () => {
        const kept = await read(session)
        if (kept !== undefined) await writeState(pathOf(session), { ...kept, charged: kept.charged + amount })
      }),
    remove: (session: string): Promise<void> => unlink(pathOf(session)).catch(() => {}),
  }
}

const notKept = (session: string): AgoraiError =>
  new AgoraiError('not_found', `Session ${session} was closed, or opened by another account or elsewhere.`, {
    field: 'session',
  })

export type SessionFiles = ReturnType<typeof openSessionFiles>
