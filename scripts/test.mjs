// `npm test`: sets up what it needs, runs everything, and prints one summary. Options after `--`:
//   --only check,forge,unit     runs these stages only: check contracts forge unit system delivery mutants node22
// With AGORAI_CI=1 a skipped test is a failure.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildTypes, buildWeb } from './build.mjs'
import { checkMachine, install, root } from './install.mjs'
import { runStep, StepError } from './steps.mjs'
import { readForge, readMutantLines, readVitest, summarize } from './testReport.mjs'

const resultsFolder = join(root, '.cache/test')
const ci = process.env.AGORAI_CI === '1'
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined
const stageTimeoutMs = 30 * 60_000

/** Runs a program, shows its output, and keeps it. Never throws: a program that cannot start has failed. */
async function watch(program, args, env = {}) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: stageTimeoutMs,
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
async function check(name, program, args, env) {
  const { status, output } = await watch(program, args, env)
  return {
    passed: status === 0 ? 1 : 0,
    failed: status === 0 ? [] : [`${name} ended with ${status}`],
    skipped: [],
    output,
  }
}

const node = (...args) => [process.execPath, args]
const tool = (path, ...args) => node(join(root, 'node_modules', path), ...args)

/** Runs vitest over some folders; its own count decides, its exit code must agree. */
async function vitest(name, paths, { options = [], program = process.execPath } = {}) {
  const file = join(resultsFolder, `${name}.json`)
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const { status, output } = await watch(program, [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...reporters,
    ...options,
    ...paths,
  ])
  if (!existsSync(file)) return { passed: 0, failed: [`${name}: vitest ended with ${status}`], skipped: [], output }
  const result = readVitest(JSON.parse(readFileSync(file, 'utf8')), root)
  if (status !== 0 && result.failed.length === 0) result.failed.push(`${name}: vitest ended with ${status}`)
  return { ...result, output }
}

/** Every Solidity test, the canary that must fail, and the gas figures. */
/** Gas figures and the canary, which must fail, are part of the script's own exit code. */
async function forge() {
  const { status, output } = await watch(process.execPath, ['scripts/testContracts.mjs'])
  const result = readForge(output)
  if (status !== 0 && result.failed.length === 0) result.failed.push(`scripts/testContracts.mjs ended with ${status}`)
  return { ...result, output }
}

async function contracts() {
  return check('a rebuild of the contracts', ...node('scripts/contracts.mjs', '--check'))
}

async function checks() {
  const { forgeBinary } = await import('./contracts.mjs')
  return [
    await check('format and lint', join(root, 'node_modules/@biomejs/cli-linux-x64/biome'), ['check', '.']),
    await check('types', ...tool('typescript/bin/tsc', '-b')),
    await check('format of the contracts', forgeBinary, ['fmt', '--root', '.', '--check', 'contracts'], {
      FOUNDRY_CONFIG: 'contracts/foundry.toml',
    }),
    await vitest('tidy', ['scripts/tidy.test.ts']),
  ]
}

/** Suites that hold a chain, a database or a browser run one after the other: they would slow one another into timeouts. */
const stages = {
  check: checks,
  contracts,
  forge,
  unit: async () => [
    await vitest('unit', ['packages/core', 'packages/sdk', 'packages/cli', 'packages/web', 'examples', 'scripts'], {
      options: ['--exclude', 'scripts/tidy.test.ts'],
    }),
    await vitest('node', ['packages/node'], { options: ['--no-file-parallelism'] }),
  ],
  system: () => vitest('system', ['e2e'], { options: ['--no-file-parallelism'] }),
  delivery: () => check('order to verified delivery', ...node('bench/delivery.mjs')),
  mutants: async () => {
    const { status, output } = await watch(process.execPath, ['scripts/mutants.mjs', '--quick'])
    const result = readMutantLines(output)
    if (status !== 0 && result.failed.length === 0) result.failed.push(`scripts/mutants.mjs ended with ${status}`)
    return { ...result, output }
  },
  node22: async () => {
    const program = process.env.AGORAI_NODE22
    if (program === undefined) return []
    return vitest('node22', ['packages/core', 'packages/sdk', 'e2e/main-job.test.ts'], { program })
  },
}

async function main() {
  const begun = performance.now()
  checkMachine()
  await runStep('dependencies', install)
  await runStep('packages', () => buildTypes())
  await runStep('web page', buildWeb)
  mkdirSync(resultsFolder, { recursive: true })

  const results = []
  for (const [name, run] of Object.entries(stages)) {
    if (only !== undefined && !only.includes(name)) continue
    console.log(`\n── ${name} ${'─'.repeat(100 - name.length)}`)
    const stageBegun = performance.now()
    const parts = [await run()].flat()
    if (parts.length > 0) results.push({ name, seconds: (performance.now() - stageBegun) / 1000, parts })
  }
  const counts = summarize(results, { ci, whole: only === undefined, seconds: (performance.now() - begun) / 1000 })
  process.exitCode = counts.failed > 0 ? 1 : 0
}

main().catch((error) => {
  console.error(`\n${error instanceof StepError ? error.message : (error?.stack ?? error)}`)
  if (error instanceof StepError && error.remedy) console.error(`\n${error.remedy}`)
  console.log('\n0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
})
