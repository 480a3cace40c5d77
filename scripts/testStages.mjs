// How the stages of `npm test` and `npm run test:deep` are run: as programs whose output is shown, kept and counted.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'
import { readForge, readMutantLines, readProofs, readVitest } from './testReport.mjs'

const resultsFolder = join(root, '.cache/test')
const stageTimeoutMs = 30 * 60_000

/** Runs a stage under its name; `run` gives one part or some. */
export async function runStage(name, run) {
  console.log(`\n── ${name} ${'─'.repeat(100 - name.length)}`)
  const begun = performance.now()
  const parts = [await run()].flat()
  return { name, seconds: (performance.now() - begun) / 1000, parts }
}

/** Runs a program, shows its output, and keeps it. Never throws: a program that cannot start has failed. */
export async function watch(program, args, env = {}, timeout = stageTimeoutMs) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGKILL',
  })
  let output = ''
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding('utf8')
    from.on('data', (text) => {
      output += text
      to.write(text)
    })
  }
  const status = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  return { status, output }
}

/** A command that is one check: it passes when it ends with 0. */
export async function check(name, program, args, env, timeout) {
  const { status, output } = await watch(program, args, env, timeout)
  return {
    passed: status === 0 ? 1 : 0,
    failed: status === 0 ? [] : [`${name} ended with ${status}`],
    skipped: [],
    output,
  }
}

export const node = (...args) => [process.execPath, args]
export const tool = (path, ...args) => node(join(root, 'node_modules', path), ...args)

/**
 * Runs vitest over some folders; its own count decides, its exit code must agree. The packages were just built, so tests
 * that start programs may start what was built.
 */
export async function vitest(name, paths, { options = [], program = process.execPath, env = {}, timeout } = {}) {
  const file = join(resultsFolder, `${name}.json`)
  mkdirSync(resultsFolder, { recursive: true })
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const runner = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [runner, 'run', ...reporters, ...options, ...paths]
  const { status, output } = await watch(program, args, { AGORAI_BUILT: '1', ...env }, timeout)
  if (!existsSync(file)) return { passed: 0, failed: [`${name}: vitest ended with ${status}`], skipped: [], output }
  const result = readVitest(JSON.parse(readFileSync(file, 'utf8')), root)
  if (status !== 0 && result.failed.length === 0) result.failed.push(`${name}: vitest ended with ${status}`)
  return { ...result, output }
}

/** Runs a script whose output has a test a line, which `read` counts; its exit code must agree. */
async function script(args, read, timeout) {
  const { status, output } = await watch(process.execPath, args, {}, timeout)
  const result = read(output)
  if (status !== 0 && result.failed.length === 0) result.failed.push(`${args.join(' ')} ended with ${status}`)
  return { ...result, output }
}

/** Every Solidity test. Gas figures and the canary, which must fail, are part of the script's own exit code. */
export const forge = (options = [], timeout = stageTimeoutMs) =>
  script(['scripts/testContracts.mjs', ...options], readForge, timeout)

export const mutants = (options = [], timeout = stageTimeoutMs) =>
  script(['scripts/mutants.mjs', ...options], readMutantLines, timeout)

/** The models that must be proved, and their wrong variants that must be refuted. */
export const proofs = (options = [], timeout = stageTimeoutMs) =>
  script(['scripts/prove.mjs', ...options], readProofs, timeout)

/** Figures that miss their goal, and exceptions that are wrong, are the bench's own exit code. */
export const gas = () => check('gas beside the peers', ...node('bench/gas/index.mjs'))
