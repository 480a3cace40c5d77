import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'

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

/** Holds a call at its entry for so long that an answer that did not wait for it would get out. */
export const hold = 'delay_enter=60000000'

/**
 * Resolves once the trap is set. The first thread is left alone: the index writes from there, and holding it would stop
 * the whole program.
 *
 * @param child A program with one thread that writes files (UV_THREADPOOL_SIZE=1): calls are counted by thread.
 * @param what What happens at the call: `hold`, or an error.
 * @param nth Which of the calls, from 1.
 */
export async function setTrap(
  child: ChildProcess,
  { log, call, what, nth }: { log: string; call: string; what: string; nth: number },
): Promise<Trap> {
  await writeFile(log, '')
  const threads = (await readdir(`/proc/${child.pid}/task`)).filter((thread) => thread !== String(child.pid))
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${nth}`]
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
