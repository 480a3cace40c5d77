// Plain Node: this runs before anything is installed.
import { spawn } from 'node:child_process'

const secondsSince = (begun) => `${((performance.now() - begun) / 1000).toFixed(1)} s`
const live = process.stdout.isTTY === true

/** One line of progress: `✓ name  what happened  1.2 s`. */
export function printStep(name, said, begun) {
  console.log(
    `✓ ${name.padEnd(14)} ${said.padEnd(62)} ${begun === undefined ? '' : secondsSince(begun).padStart(8)}`.trimEnd(),
  )
}

/**
 * Runs `work` and prints one line when it is done; it is announced first, in a log only where it takes long. `work` gives
 * what to say.
 *
 * @returns what `work` gave.
 */
export async function runStep(name, work) {
  const begun = performance.now()
  if (live) process.stdout.write(`· ${name} …`)
  // In a log nobody sees that something is under way, unless it takes long enough to wonder.
  const wondering = live ? undefined : setTimeout(() => console.log(`· ${name} …`), 5_000)
  try {
    const said = await work()
    if (live) process.stdout.write('\r\x1b[K')
    printStep(name, said, begun)
    return said
  } catch (error) {
    if (live) process.stdout.write('\r\x1b[K')
    console.log(`✗ ${name}`)
    throw error
  } finally {
    clearTimeout(wondering)
  }
}

/** A failure that is told to people: what happened and what to do, without a stack. */
export class StepError extends Error {
  constructor(message, remedy) {
    super(message)
    this.name = 'StepError'
    this.remedy = remedy
  }
}

const running = new Set()

/** Ends the programs that are still running, for whoever asked this one to end. */
export function stopPrograms() {
  for (const child of running) child.kill('SIGTERM')
}

/** Beginning and end of a long text: programs say what is wrong in the first lines or in the last. */
function shorten(text, lines = 30) {
  const all = text.trim().split('\n')
  return all.length <= lines ? all : [...all.slice(0, lines / 2), '…', ...all.slice(-lines / 2)]
}

/** Runs a program to its end and gives its output. A failure shows the end of what it printed. */
export async function runProgram(program, args, { cwd, env = process.env, remedy } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    // Kept short: only the end of it is ever shown.
    stream.on('data', (text) => {
      output = (output + text).slice(-200_000)
    })
  }
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code))
  }).finally(() => running.delete(child))
  if (status === 0) return output
  const command = [program === process.execPath ? 'node' : program, ...args].join(' ')
  throw new StepError(`${command} ended with ${status}\n\n${shorten(output).join('\n')}`, remedy)
}
