import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'

/** Where a program stops, or fails, as a test wants it: `strace` attached to the threads that write its files. */
export type Trap = {
  /** File in which the calls stand. */
  log: string
  /** Whether the program has come to the call and is held there: it stands in the log without a result. */
  hit(): Promise<boolean>
  /** Ends the tracing. */
  release(): Promise<void>
}

const mayTrace = (): boolean => {
  const sleeper = spawn('sleep', ['30'], { stdio: 'ignore' })
  const { stderr } = spawnSync('timeout', ['2', 'strace', '-p', String(sleeper.pid), '-e', 'trace=none'], {
    encoding: 'utf8',
  })
  sleeper.kill('SIGKILL')
  return stderr?.includes('attached') === true
}

/** Whether programs can be traced here. Says so once where they cannot. */
export const traceable = mayTrace()
if (!traceable)
  console.warn('SKIPPED: crash tests need `strace` and the right to attach it (Debian: apt install strace).')

export type CallToTrap = {
  log: string
  call: string
  nth: number
  /** Counts the calls on the files that lie in these folders, of every thread. */
  folders?: readonly string[]
}

/**
 * Resolves once the trap is set. Without folders the first thread is left alone: the index writes from there.
 *
 * @param child A program with one thread that writes files (UV_THREADPOOL_SIZE=1): calls are counted by thread.
 * @param what What happens at the call, as `strace` names it: a delay, or an error.
 * @param nth Which of the calls, from 1.
 */
export async function setTrap(
  child: ChildProcess,
  { log, call, what, nth, folders }: CallToTrap & { what: string },
): Promise<Trap> {
  await writeFile(log, '')
  const all = await readdir(`/proc/${child.pid}/task`)
  const threads = folders === undefined ? all.filter((thread) => thread !== String(child.pid)) : all
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${nth}`]
  for (const path of folders ?? []) for (const name of await readdir(path)) inject.push('-P', join(path, name))
  const tracer = spawn('strace', ['-y', ...threads.flatMap((thread) => ['-p', thread]), ...inject, '-o', log], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => tracer.once('exit', () => resolve()))
  let said = ''
  await new Promise<void>((resolve) =>
    tracer.stderr.on('data', (data) => {
      said += String(data)
      if (said.split(' attached').length > threads.length) resolve()
    }),
  )
  return {
    log,
    hit: async () => {
      const text = await readFile(log, 'utf8')
      return text.split(` ${call}(`).length - 1 === nth && !/ = -?\d+[^\n]*\n?$/.test(text)
    },
    release: async () => {
      // The tracer of a dead program ends by itself; one that does not is not waited for, and lets go of it as it dies.
      if (child.exitCode === null && child.signalCode === null && !child.killed) tracer.kill('SIGINT')
      const timer = setTimeout(() => tracer.kill('SIGKILL'), 3_000)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Holds a call at its entry for so long that an answer that did not wait for it would get out. */
const hold = 'delay_enter=60000000'
const settleMs = 400
const hitTimeoutMs = 30_000

/**
 * Kills a program inside the nth call of a kind that `work` has it make: the call is held at its entry, long enough for an
 * answer that did not wait for it to get out.
 *
 * @param mayAnswer Whether the work may be answered before that call has returned. A kill alone forgives an answer before the
 * sync; a power cut does not.
 * @returns Whether it was killed. Where the work makes no such call it is done, and the program runs on.
 */
export async function killInside(
  { child, exited }: { child: ChildProcess; exited: Promise<unknown> },
  trap: CallToTrap,
  work: () => Promise<unknown>,
  mayAnswer = false,
): Promise<boolean> {
  const { log, hit, release } = await setTrap(child, { ...trap, what: hold })
  let ended: unknown
  const outcome = work().then(
    () => 'done' as const,
    (error: unknown) => error,
  )
  void outcome.then((how) => {
    ended = how
  })
  const end = Date.now() + hitTimeoutMs
  while (ended === undefined && !(await hit()) && Date.now() < end) await pause(20)
  await pause(settleMs)
  if (!(await hit())) {
    expect(await outcome).toBe('done')
    await release()
    return false
  }
  if (!mayAnswer) expect(ended, `ended while a call was held: ${await readFile(log, 'utf8')}`).toBeUndefined()
  child.kill('SIGKILL')
  await release()
  expect(await exited).toBe('SIGKILL')
  await outcome
  return true
}
