import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** What a program wrote, call by call, so that what a power cut would have left can be put together for any moment. */

type Write = { kind: 'write'; at: number; path: string; offset: number; bytes: Buffer }
/** Times are unix seconds; that of a sync is when it was on the disk at the earliest. */
type Step = Write | { kind: 'sync' | 'unlink'; at: number; path: string }

export type WriteLog = { steps: readonly Step[]; before: ReadonlyMap<string, Buffer> }

/** Each sync is held so long, so that an answer that does not wait for it is out well before. */
const syncDelayMs = 20
/** From its beginning to when it counts. */
const syncSeconds = 0.015

/**
 * Follows all threads of a program.
 *
 * @param folders Where the files are that are followed; what they hold now is kept.
 * @returns Ends the following and gives what was written meanwhile.
 */
export async function followWrites(
  child: ChildProcess,
  { folders, scratch }: { folders: readonly string[]; scratch: string },
): Promise<() => Promise<WriteLog>> {
  const before = new Map<string, Buffer>()
  for (const folder of folders)
    for (const name of await readdir(folder)) before.set(join(folder, name), await readFile(join(folder, name)))
  await mkdir(scratch, { recursive: true })
  const calls = 'trace=pwrite64,fdatasync,fsync,unlink'
  const inject = `inject=fdatasync,fsync:delay_enter=${syncDelayMs * 1_000}`
  const options = ['-ff', '-ttt', '-y', '-xx', '-s', '1100000', '-e', calls, '-e', inject, '-o', join(scratch, 'calls')]
  const tracer = spawn('strace', [...options, '-p', String(child.pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<void>((resolve) => tracer.once('exit', () => resolve()))
  let said = ''
  await new Promise<void>((resolve) =>
    tracer.stderr.on('data', (data) => {
      said += String(data)
      if (said.includes(' attached')) resolve()
    }),
  )
  return async () => {
    tracer.kill('SIGINT')
    await ended
    const steps: Step[] = []
    for (const name of await readdir(scratch))
      for (const line of (await readFile(join(scratch, name), 'latin1')).split('\n')) {
        const step = parseLine(line)
        if (step !== undefined && folders.includes(dirname(step.path))) steps.push(step)
      }
    return { steps: steps.toSorted((first, second) => first.at - second.at), before }
  }
}

const toBytes = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex')

function parseLine(line: string): Step | undefined {
  const [, seconds, call, rest = ''] = /^(\d+\.\d+) (\w+)\((.*)$/.exec(line) ?? []
  const at = Number(seconds)
  if (call === 'unlink') {
    const [, path = ''] = /^"((?:\\x[0-9a-f]{2})*)"/.exec(rest) ?? []
    return { kind: 'unlink', at, path: toBytes(path).toString() }
  }
  const [, path = '', args = ''] = /^\d+<((?:\\x[0-9a-f]{2})*)>(.*)$/.exec(rest) ?? []
  if (call === 'fdatasync' || call === 'fsync')
    return { kind: 'sync', at: at + syncSeconds, path: toBytes(path).toString() }
  const [, data = '', offset] = /^, "((?:\\x[0-9a-f]{2})*)", \d+, (\d+)\)/.exec(args) ?? []
  if (call !== 'pwrite64' || offset === undefined) return undefined
  return { kind: 'write', at, path: toBytes(path).toString(), offset: Number(offset), bytes: toBytes(data) }
}

/**
 * Puts files together as a power cut at a moment may leave them: all that was synced, and of what was written after that
 * nothing, all, or a part, as `random` has it.
 *
 * @returns The names of the files.
 */
export async function leaveFiles(
  { steps, before }: WriteLog,
  { at, folder, random }: { at: number; folder: string; random(): number },
): Promise<string[]> {
  const files = new Map<string, Buffer>(before)
  const past = steps.filter((step) => step.at <= at)
  const syncedAt = new Map<string, number>()
  for (const step of past) if (step.kind === 'sync') syncedAt.set(step.path, step.at)
  for (const step of past) {
    if (step.kind === 'unlink') files.delete(step.path)
    if (step.kind !== 'write') continue
    const { path, offset, bytes } = step
    // A sync covers what was written before it began.
    const isSynced = step.at < (syncedAt.get(path) ?? 0) - syncSeconds
    const kept = isSynced ? bytes : bytes.subarray(0, Math.floor(random() * (bytes.length + 1)))
    files.set(path, place(files.get(path) ?? Buffer.alloc(0), offset, kept))
  }
  const names: string[] = []
  for (const [path, bytes] of files) {
    const name = join(basename(dirname(path)), basename(path))
    await mkdir(join(folder, dirname(name)), { recursive: true })
    await writeFile(join(folder, name), bytes)
    names.push(name)
  }
  return names
}

function place(file: Buffer, offset: number, bytes: Buffer): Buffer {
  if (bytes.length === 0) return file
  const longer = Buffer.alloc(Math.max(file.length, offset + bytes.length))
  longer.set(file)
  longer.set(bytes, offset)
  return longer
}
