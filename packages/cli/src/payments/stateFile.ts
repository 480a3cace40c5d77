import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AgoraiError } from '@agorai/core'

const lockWaitMs = 20
const lockWaitMsMax = 60_000

/**
 * Runs the work while no other process of this user runs work under the same lock. A lock whose process is gone is taken
 * over.
 *
 * @throws AgoraiError `busy` when another process holds it for a minute.
 */
export async function withLock<result>(path: string, work: () => Promise<result>): Promise<result> {
  const lock = `${path}.lock`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const until = Date.now() + lockWaitMsMax
  while (!(await takeLock(lock))) {
    if (await isAbandoned(lock)) await unlink(lock).catch(() => {})
    else if (Date.now() > until) throw new AgoraiError('busy', `Another process holds ${lock}.`)
    else await new Promise((resolve) => setTimeout(resolve, lockWaitMs))
  }
  try {
    return await work()
  } finally {
    await unlink(lock).catch(() => {})
  }
}

async function takeLock(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.writeFile(String(process.pid))
    await file.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''))
  // Empty for the moment between its making and its writing.
  return Number.isInteger(pid) && pid > 0 && !isRunning(pid)
}

/** Whether there is a process of this number, of whoever it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/**
 * A file that only this user can read.
 *
 * @returns Undefined where there is none.
 * @throws AgoraiError `invalid_request` when it holds something else: to start over is for its owner to decide.
 */
export async function readState<value>(path: string, parse: (json: unknown) => value): Promise<value | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return parse(JSON.parse(text))
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${path} is damaged. Move it away to start over.`, { field: path, cause })
  }
}

/** Replaces a file as a whole, durably. */
export async function writeState(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(value, bigintAsText, 1)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

const bigintAsText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
