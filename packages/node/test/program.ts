import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export type Line = { level: string; event: string; message: string; [field: string]: unknown }

export type Program = {
  child: ChildProcess
  /** Where it answers. */
  url: string
  metricsUrl: string
  /** Everything that it wrote, as lines of its log. */
  lines(): Line[]
  text(): string
  exited: Promise<NodeJS.Signals | number | null>
}

type Settings = Readonly<Record<string, string>>

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const fileOf = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

/**
 * How Node runs a program of the node. As built where whoever has just built it says so by AGORAI_BUILT, since that starts
 * in half the time; otherwise from its source, so that no test ever runs an old build.
 */
export const programOf = (name: 'main' | 'agoraiNode'): string[] =>
  process.env.AGORAI_BUILT === '1'
    ? [fileOf(`dist/${name}.js`)]
    : ['--import', 'tsx', '--conditions=@agorai/source', fileOf(`src/${name}.ts`)]

/** Starts a program of the node, with these settings and nothing of this environment. */
export const spawnProgram = (name: 'main' | 'agoraiNode', args: readonly string[], settings: Settings = {}) =>
  spawn(process.execPath, [...programOf(name), ...args], {
    cwd: repository,
    env: { PATH: process.env.PATH ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Runs the real program until it is ready. */
export async function startProgram(settings: Settings, args: readonly string[] = []): Promise<Program> {
  const child = spawnProgram('main', ['--json', ...args], { AGORAI_PORT: '0', ...settings })
  const exited = new Promise<NodeJS.Signals | number | null>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code)),
  )
  let text = ''
  const ready = new Promise<Line>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        text += `${line}\n`
        if (line.includes('"event":"ready"')) resolve(JSON.parse(line) as Line)
      })
    void exited.then((how) => reject(new Error(`The program ended (${how}): ${text}`)))
  })
  const { url, metricsUrl } = await ready
  return {
    child,
    url: String(url),
    metricsUrl: String(metricsUrl),
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
    text: () => text,
    exited,
  }
}

const clockTickMs = 10

/** Milliseconds of CPU time that a program has had, all its threads together. */
export async function cpuMsOf({ child }: Pick<Program, 'child'>): Promise<number> {
  const [, after = ''] = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')
  const [user = 0, system = 0] = after.split(' ').slice(11, 13).map(Number)
  return (user + system) * clockTickMs
}
