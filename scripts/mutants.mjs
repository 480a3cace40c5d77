// Proves that the tests of the promises can fail: each mutant breaks the product in one named way, and the named test must
// fail on it. Rows are in scripts/mutants/*.json:
//   name, promise     what is broken, and the promise of SECURITY.md that it breaks
//   file, find, replace   the change; `find` must occur exactly once
//   test              { "forge": [options of forge test] } or { "vitest": [options of vitest run] },
//                     with "env" for settings that make it short
//   node scripts/mutants.mjs [--only P1,P8] [--quick]     --quick takes one row of each file that is soon judged
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { forgeBinary, runForge } from './contracts.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
const copied = ['contracts', 'packages', 'examples', 'scripts', 'e2e']
const leftOut = new Set(['node_modules', 'dist', '.cache', '.agorai', '.git'])
const testTimeoutMs = 10 * 60_000

/** Rows of every file in scripts/mutants, checked, so that a row cannot be ignored for a spelling. */
export function readMutants(folder = join(repository, 'scripts/mutants')) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).map((row) => ({ ...row, list: file })))
    .map((row) => {
      for (const key of ['name', 'promise', 'file', 'find', 'replace', 'test'])
        if (row[key] === undefined) throw new Error(`mutant ${row.name ?? '?'} has no ${key}`)
      if ((row.test.forge === undefined) === (row.test.vitest === undefined))
        throw new Error(`mutant ${row.name} must name one test of forge or of vitest`)
      return row
    })
}

/** Tests of whole nodes take minutes, and so does compiling the contracts for each row: of those the deep run has all. */
const isSoonJudged = ({ list, test }) =>
  test.forge !== undefined
    ? list === 'revenue.json'
    : test.vitest.every((path) => !/^(e2e|packages\/node\/test)\//.test(path))

/** The first row of each file that is soon judged. */
export const sampleMutants = (mutants) =>
  mutants.filter(isSoonJudged).filter(({ list }, place, rows) => rows[place - 1]?.list !== list)

/** The text with the one change made. */
export function mutate(text, { name, file, find, replace }) {
  const places = text.split(find).length - 1
  if (places !== 1) throw new Error(`mutant ${name}: what it replaces occurs ${places} times in ${file}`)
  return text.split(find).join(replace)
}

/** A copy of the repository whose workspace packages are the copied ones, and all others the installed ones. */
function copyRepository() {
  const folder = mkdtempSync(join(tmpdir(), 'agorai-mutants-'))
  for (const entry of readdirSync(repository, { withFileTypes: true })) {
    const from = join(repository, entry.name)
    if (entry.isFile()) cpSync(from, join(folder, entry.name))
    else if (copied.includes(entry.name))
      cpSync(from, join(folder, entry.name), { recursive: true, filter: (path) => !leftOut.has(basename(path)) })
  }
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@agorai'), { recursive: true })
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name !== '@agorai') symlinkSync(join(repository, 'node_modules', name), join(modules, name))
  }
  for (const name of readdirSync(join(repository, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(modules, '@agorai', name))
    for (const nested of ['node_modules', 'dist']) linkWhenThere(join('packages', name, nested), folder)
  }
  symlinkSync(join(folder, 'examples'), join(modules, '@agorai/examples'))
  return folder
}

function linkWhenThere(path, folder) {
  try {
    readdirSync(join(repository, path))
    symlinkSync(join(repository, path), join(folder, path))
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** Runs one test in the copy. A test that cannot be built or started is no failed test. */
function runTest(folder, { forge, vitest, env = {} }) {
  if (forge !== undefined) runForge(['build', '--quiet'], { folder, stdio: 'pipe' })
  const [program, options] =
    forge !== undefined
      ? [forgeBinary, ['test', '--root', '.', ...forge]]
      : [process.execPath, [join('node_modules', 'vitest', 'vitest.mjs'), 'run', ...vitest]]
  const run = spawnSync(program, options, {
    cwd: folder,
    env: { ...process.env, FOUNDRY_CONFIG: 'contracts/foundry.toml', FOUNDRY_PROFILE: 'test', NO_COLOR: '1', ...env },
    encoding: 'utf8',
    timeout: testTimeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (run.error) throw run.error
  const output = `${run.stdout}${run.stderr}`
  const failures = forge !== undefined ? /tests? passed, [1-9]\d* failed/ : /^\s*Tests\s.*\b[1-9]\d* failed/m
  if (run.status !== 0 && !failures.test(output)) throw new Error(`the test did not run:\n${output.slice(-3000)}`)
  return { passed: run.status === 0, output }
}

function main() {
  const at = process.argv.indexOf('--only')
  const only = at === -1 ? undefined : process.argv[at + 1]?.split(',')
  const chosen = readMutants().filter((row) => only === undefined || only.includes(row.promise))
  const mutants = process.argv.includes('--quick') ? sampleMutants(chosen) : chosen
  const folder = copyRepository()
  const survivors = []
  try {
    // A test that fails without the mutant proves nothing about it; the few of every run were run before.
    const unproven = process.argv.includes('--quick') ? [] : mutants
    for (const test of new Set(unproven.map((row) => JSON.stringify(row.test)))) {
      const { passed, output } = runTest(folder, JSON.parse(test))
      if (!passed) throw new Error(`${test} fails before anything is broken:\n${output.slice(-3000)}`)
    }
    for (const row of mutants) {
      const file = join(folder, row.file)
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, mutate(text, row))
      const { passed } = runTest(folder, row.test)
      writeFileSync(file, text)
      if (passed) survivors.push(row)
      console.log(`${passed ? '✗ survived' : '✓ killed  '}  ${row.promise}  ${row.name}  (${relative('.', row.file)})`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`mutants: ${mutants.length - survivors.length} of ${mutants.length} killed`)
  if (mutants.length === 0 || survivors.length > 0) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
