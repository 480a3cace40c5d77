// A copy of the contracts and their tests in which one contract after the other is broken, so that nobody else sees it.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { forgeBinary } from '../contracts.mjs'

const testTimeoutMs = 15 * 60_000
const failures = /^(?:\[FAIL|Encountered \d+ failing|Suite result: FAILED)/m
const successes = /^Suite result: ok\./m

/** Short campaigns: what a mutant breaks is mostly seen at once, and each mutant runs them. */
const short = { FOUNDRY_FUZZ_RUNS: '64', FOUNDRY_INVARIANT_RUNS: '2', FOUNDRY_INVARIANT_DEPTH: '512' }

/** What is no source, or no part of what is tested. */
const leftOut = new Set(['out', 'cache', 'proofs', 'deployments'])

/** @param from a repository, or another workspace, of which what was compiled is taken too */
export function createWorkspace(from, { isWorkspace = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'agorai-mutation-'))
  cpSync(join(from, 'contracts'), join(folder, 'contracts'), {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => isWorkspace || !leftOut.has(basename(path)),
  })
  mkdirSync(join(folder, '.cache'))
  symlinkSync(realpathSync(join(from, 'node_modules')), join(folder, 'node_modules'))
  return {
    folder,
    /** Puts an artifact where the tests take the contract's code from. */
    install(name, artifact) {
      const place = join(folder, 'contracts/out', `${name}.sol`)
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, `${name}.json`), JSON.stringify(artifact))
    },
    /** Runs some tests until the first fails. */
    test: (options) => runTests(folder, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** @returns `passed`, `failed` with the name of a test, or `slow` when the tests did not end. */
async function runTests(folder, options) {
  const child = spawn(
    forgeBinary,
    ['test', '--root', '.', '--fail-fast', '--code-size-limit', '1000000', '--threads', '1', ...options],
    {
      cwd: folder,
      env: {
        ...process.env,
        ...short,
        FOUNDRY_CONFIG: 'contracts/foundry.toml',
        FOUNDRY_PROFILE: 'test',
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: testTimeoutMs,
      killSignal: 'SIGKILL',
    },
  )
  const begun = Date.now()
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      output += text
    })
  }
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  if (status === 'SIGKILL' && Date.now() - begun >= testTimeoutMs) return { outcome: 'slow' }
  if (failures.test(output)) {
    // A fixture that reverts fails every test of its file, under the name of none.
    const [, test = 'setUp()'] = /^\[FAIL[^\n]*\] (\w+\([^)]*\))/m.exec(output) ?? []
    return { outcome: 'failed', test }
  }
  if (status === 0 && successes.test(output)) return { outcome: 'passed' }
  throw new Error(`the tests did not run (${status}):\n${output.slice(-3000)}`)
}
