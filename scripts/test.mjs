// `npm test`: sets up what it needs, runs everything, and prints one summary. Options after `--`:
//   --only check,forge,unit     runs these stages only: check contracts forge proofs unit system gas mutants node22
// With AGORAI_CI=1 a skipped test is a failure.
import { join } from 'node:path'
import { buildTypes, buildWeb } from './build.mjs'
import { checkMachine, install, root } from './install.mjs'
import { runStep, StepError } from './steps.mjs'
import { summarize } from './testReport.mjs'
import { check, forge, gas, mutants, node, proofs, runStage, tool, vitest } from './testStages.mjs'

const ci = process.env.AGORAI_CI === '1'
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1]?.split(',') : undefined

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

/** Files share a process, and what it has read: none of them leaves anything behind in it. */
const together = ['--no-isolate']
/** Files that hold a chain, a database or a browser wait now and then: three run side by side, and have longer for it. */
const waiting = [...together, '--maxWorkers', '3', '--testTimeout', '180000', '--hookTimeout', '300000']

/** One stage after the other: what fails is seen in the order in which it builds on what is before it. */
const stages = {
  check: checks,
  contracts: () => check('a rebuild of the contracts', ...node('scripts/contracts.mjs', '--check')),
  forge: () => forge(),
  proofs: () => proofs(['--quick']),
  unit: async () => [
    await vitest('unit', ['packages/core', 'packages/sdk', 'packages/cli', 'packages/web', 'examples', 'scripts'], {
      options: [...together, '--exclude', 'scripts/tidy.test.ts'],
    }),
    await vitest('node', ['packages/node'], { options: waiting }),
  ],
  system: () => vitest('system', ['e2e'], { options: waiting }),
  gas,
  mutants: () => mutants(['--quick']),
  node22: async () => {
    const program = process.env.AGORAI_NODE22
    if (program === undefined) return []
    return vitest('node22', ['packages/core', 'e2e/main-job.test.ts'], { options: together, program })
  },
}

async function main() {
  const begun = performance.now()
  checkMachine()
  await runStep('dependencies', install)
  await runStep('packages', () => buildTypes())
  await runStep('web page', buildWeb)

  const results = []
  for (const [name, run] of Object.entries(stages)) {
    if (only !== undefined && !only.includes(name)) continue
    const result = await runStage(name, run)
    if (result.parts.length > 0) results.push(result)
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
