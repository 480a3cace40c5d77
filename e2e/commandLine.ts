import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCodes } from '@agorai/core'
import { expect } from 'vitest'
import { run as runCommand } from '../packages/cli/src/main.js'
import { type Marketplace, startMarketplace } from './marketplace.js'

/** The command line, its two streams and its exit code, in a folder of its own. */
export type CommandLine = Awaited<ReturnType<typeof startCommandLine>>

export type Ended = { exit: number; stdout: string; stderr: string }

const root = fileURLToPath(new URL('..', import.meta.url))
const program = join(root, 'packages/cli/bin/agorai.js')

type RunCommand = (args: readonly string[], environment?: Record<string, string>) => Promise<Ended>

/**
 * @param kind `built` is what people use: a child process for each command. `here` runs the same program in this process,
 * which takes a tenth of the time.
 */
export async function startCommandLine(kind: 'built' | 'here') {
  const folder = await mkdtemp(join(tmpdir(), 'agorai-cli-'))
  const at = (name: string): string => join(folder, name)
  const runFile = (file: string, args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH ?? '', ...environment }
      execFile(process.execPath, [file, ...args], { cwd: folder, env, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ exit: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      )
    })
  const runBuilt: RunCommand = (args, environment) => runFile(program, args, environment)
  if (kind === 'here') process.chdir(folder)
  else if (process.env.AGORAI_BUILT !== '1') {
    const built = await runFile(join(root, 'node_modules/typescript/bin/tsc'), ['-b', join(root, 'packages/cli')])
    expect(built).toMatchObject({ exit: 0, stdout: '' })
  }
  const market: Marketplace = await startMarketplace({ dataFolder: at('data') })
  const run = kind === 'here' ? runHere : runBuilt
  const agorai = (...args: string[]): Promise<Ended> => run(args, { AGORAI_NODE: market.node.url })
  return {
    market,
    folder,
    at,
    run,
    agorai,
    write: (name: string, value: unknown): Promise<void> =>
      writeFile(at(name), typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value)),
    /** The one object that `--json` prints, of a command that succeeds. */
    async json(...args: string[]): Promise<Record<string, unknown>> {
      const { exit, stdout, stderr } = await agorai(...args, '--json')
      expect({ exit, stderr, stdout: exit === 0 ? '' : stdout }).toEqual({ exit: 0, stderr: '', stdout: '' })
      expect(stdout.trimEnd()).not.toContain('\n')
      return JSON.parse(stdout) as Record<string, unknown>
    },
    /** The lines for people, of a command that succeeds. */
    async said(...args: string[]): Promise<string> {
      const { exit, stdout, stderr } = await agorai(...args)
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
      return stdout
    },
    /** The error of a command that fails, whose exit code is the one of the table. */
    async failure(...args: string[]): Promise<Record<string, unknown>> {
      const { exit, stdout, stderr } = await agorai(...args, '--json')
      const { error } = JSON.parse(stdout) as { error: Record<string, unknown> & { code: keyof typeof errorCodes } }
      expect({ exit, stderr }).toEqual({ exit: errorCodes[error.code].exit, stderr: '' })
      return error
    },
    async stop(): Promise<void> {
      await market.stop()
      process.chdir(root)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One command in this process: what it writes is caught, and what it reads of the environment is what is given. */
const runHere: RunCommand = async (args, environment = {}) => {
  const written = { stdout: '', stderr: '' }
  const restore = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name]
    const { write } = stream
    stream.write = (text: string | Uint8Array): boolean => {
      written[name] += String(text)
      return true
    }
    return () => {
      stream.write = write
    }
  })
  const { AGORAI_NODE, AGORAI_KEY } = process.env
  try {
    Object.assign(process.env, environment)
    return { exit: await runCommand(args), ...written }
  } finally {
    for (const back of restore) back()
    for (const [name, value] of Object.entries({ AGORAI_NODE, AGORAI_KEY }))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
}
