import { createHash, randomUUID } from 'node:crypto'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, type KeptCall, parseKeptCall } from '@agorai/sdk'
import { isRunning, readState, withLock, writeState } from './stateFile.js'

/** What makes two calls the same one. */
export type CallFacts = { node: string; service: bigint; api: string; body: unknown; way: string }

/** A call under its idempotency key, from before it is sent until it was answered. */
export type PendingCall = {
  key: string
  /** When it was sent before, in unix seconds; undefined for a call that is made for the first time. */
  lostAt: number | undefined
  /** It was answered, so that the same call again is another one. */
  answered(): Promise<void>
  /** Keeps the key where the answer was lost; forgets it where the call was refused. */
  failed(error: unknown): Promise<void>
}

/** Operators keep answers for a day. */
const keptSeconds = 86_400

/**
 * Calls that were sent and have no answer yet, a file each. The same call after a crash or a cut connection finds its key
 * there: the operator gives the answer again, and nothing is paid twice.
 */
export function openPendingCalls(folder: string) {
  async function findLost(name: string): Promise<KeptCall | undefined> {
    const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'))
    for (const file of files) {
      const path = join(folder, file)
      const record = await readState(path, parseKeptCall)
      if (record === undefined) continue
      if (record.at + keptSeconds < Date.now() / 1000) await unlink(path).catch(() => {})
      else if (file.startsWith(name) && (record.lost || !isRunning(record.pid))) return record
    }
    return undefined
  }

  return {
    begin: (facts: CallFacts): Promise<PendingCall> => {
      const name = nameOf(facts)
      return withLock(join(folder, 'calls'), async () => {
        const lost = await findLost(name)
        const key = lost?.key ?? randomUUID()
        const at = lost?.at ?? Math.floor(Date.now() / 1000)
        const path = join(folder, `${name}.${key}.json`)
        const write = (isLost: boolean) => writeState(path, { key, at, pid: process.pid, lost: isLost })
        const forget = () => unlink(path).catch(() => {})
        await write(false)
        return {
          key,
          lostAt: lost?.at,
          answered: forget,
          failed: (error) => (isRefusal(error) ? forget() : write(true)),
        }
      })
    },
  }
}

const nameOf = (facts: CallFacts): string =>
  createHash('sha256')
    .update(JSON.stringify(facts, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    .digest('hex')
    .slice(0, 32)
