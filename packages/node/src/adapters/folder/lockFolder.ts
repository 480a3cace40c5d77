import { link, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { makeFolder, removeQuietly, temporaryName, writeFileAtomic } from './atomicFiles.js'
import { systemCodeOf } from './fileErrors.js'

/** A process and when it started, so that a later process with the same number is not taken for it. */
type Owner = { pid: number; started: string }

export type FolderLock = { release(): Promise<void> }

const attemptsMax = 5

/**
 * Creates the data folder where it is missing and takes it for this process. What a killed node left behind is taken over.
 *
 * @throws AgoraiError `folder_locked` while another node lives in it, `folder_read_only` when it cannot be written.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, 'node.lock')
  const text = JSON.stringify({ pid: process.pid, started: (await startOf(process.pid)) ?? 'alive' } satisfies Owner)
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await makeFolder(folder)
      await writeFileAtomic(path, text, { exclusive: true })
      return { release: () => removeQuietly(path) }
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw toFolderError(folder, error)
    }
    await removeStale(path, folder)
  }
  throw new AgoraiError('folder_locked', `${path} changes hands too often.`)
}

/** Removes the lock of a process that is gone. */
async function removeStale(path: string, folder: string): Promise<void> {
  const seen = await readText(path)
  if (seen === undefined) return
  const owner = parseOwner(seen)
  if (owner !== undefined && (await startOf(owner.pid)) === owner.started)
    throw new AgoraiError('folder_locked', `Process ${owner.pid} is using ${folder}.`, { details: { pid: owner.pid } })
  const aside = temporaryName(path)
  try {
    await rename(path, aside)
    // Between reading and renaming another node may have taken over: then this is its lock, and goes back.
    if ((await readText(aside)) !== seen) await link(aside, path)
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'ENOENT' && code !== 'EEXIST') throw toFolderError(folder, error)
  }
  await removeQuietly(aside)
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value)) return undefined
    const { pid, started } = value
    return typeof pid === 'number' && Number.isInteger(pid) && typeof started === 'string'
      ? { pid, started }
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Identifies one life of a process: the boot of the machine and the start time that /proc gives (field 22 of `stat`).
 * Without /proc it is only known whether the process lives. Undefined when it does not.
 */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // The program's name may contain spaces and brackets; fields are counted after its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : `${boot.trim()}/${fields[19]}`
  } catch {
    return (await hasProc()) ? undefined : livesWithoutProc(pid)
  }
}

async function hasProc(): Promise<boolean> {
  return (await readText('/proc/self/stat')) !== undefined
}

function livesWithoutProc(pid: number): string | undefined {
  try {
    process.kill(pid, 0)
    return 'alive'
  } catch (error) {
    return systemCodeOf(error) === 'EPERM' ? 'alive' : undefined
  }
}

function toFolderError(folder: string, error: unknown): AgoraiError {
  return new AgoraiError('folder_read_only', `${folder} cannot be written (${systemCodeOf(error) ?? 'unknown'}).`, {
    cause: error,
  })
}
