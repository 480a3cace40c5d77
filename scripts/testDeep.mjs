// `npm run test:deep`: everything that takes longer than a submission may. Options after `--`:
//   --only campaigns,proofs     runs these stages only: campaigns graphs histories proofs mutants mutation gas
//   --again                     also those that have passed on these very sources
// A stage that has passed is not run again until a source changes, so what was stopped goes on where it was; mutants that
// are known are kept one by one. The mutation stage asks about 400 mutants; AGORAI_MUTANTS=2000 asks about so many.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildTypes } from './build.mjs'
import { install, root } from './install.mjs'
import { runStep } from './steps.mjs'
import { readCounts, summarize } from './testReport.mjs'
import { check, forge, gas, mutants, node, proofs, vitest } from './testStages.mjs'

const hourMs = 60 * 60_000
const passedFile = join(root, '.cache/test-deep.json')
const callsLeast = 1_000_000
const historiesLeast = 1_000
const mutantsAsked = process.env.AGORAI_MUTANTS ?? '400'

/** What a stage reached, held to what it must reach. */
const reaching = (part, key, least) => {
  const counts = new Map([...(part.counts ?? []), ...readCounts(part.output)])
  const reached = counts.get(key) ?? 0
  return reached >= least ? part : { ...part, failed: [...part.failed, `${key}: ${reached} of ${least}`] }
}

const oneByOne = ['--no-file-parallelism', '--testTimeout', String(8 * hourMs), '--hookTimeout', String(hourMs)]

const stages = {
  // A million calls a campaign, a hundred thousand draws a fuzz test.
  campaigns: async () => reaching(await forge(['--deep'], 8 * hourMs), 'P1 invariant calls', callsLeast),
  graphs: () =>
    vitest('graphs', ['e2e/ledgerMatchesCore.test.ts', 'e2e/marketMatchesCore.test.ts'], {
      options: oneByOne,
      env: { AGORAI_DEEP: '1' },
      timeout: 8 * hourMs,
    }),
  histories: async () =>
    reaching(
      await vitest('histories', ['e2e/index/reorgs.test.ts'], {
        options: oneByOne,
        env: { AGORAI_REORG_HISTORIES: String(historiesLeast) },
        timeout: 8 * hourMs,
      }),
      'P14 histories',
      historiesLeast,
    ),
  proofs: () => proofs(2 * hourMs),
  mutants: () => mutants([], 8 * hourMs),
  mutation: () =>
    check('mutation of the money path', ...node('scripts/mutate.mjs', '--sample', mutantsAsked), {}, 24 * hourMs),
  gas,
}

/** One word for everything that a stage could depend on. */
function hashRepository() {
  const hash = createHash('sha256')
  const skipped = new Set(['node_modules', 'dist', 'out', 'cache', '.cache', '.git', '.agorai'])
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (skipped.has(entry.name) || entry.name.endsWith('.md') || entry.name.endsWith('.tsbuildinfo')) continue
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) hash.update(`${path}\0`).update(readFileSync(path)).update('\0')
    }
  }
  visit(root)
  return hash.digest('hex')
}

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string' }, again: { type: 'boolean', default: false } } })
  const names = values.only?.split(',') ?? Object.keys(stages)
  const unknown = names.filter((name) => stages[name] === undefined)
  if (unknown.length > 0) throw new Error(`no stage is called ${unknown}; there are ${Object.keys(stages).join(', ')}`)
  const begun = performance.now()
  await runStep('dependencies', install)
  await runStep('packages', () => buildTypes())

  const sources = hashRepository()
  const kept = existsSync(passedFile) ? JSON.parse(readFileSync(passedFile, 'utf8')) : {}
  const passed = kept.sources === sources ? kept.passed : {}
  const results = []
  for (const name of names) {
    if (passed[name] !== undefined && !values.again) {
      console.log(`\n── ${name}: passed ${passed[name]}, on these sources`)
      continue
    }
    console.log(`\n── ${name} ${'─'.repeat(100 - name.length)}`)
    const stageBegun = performance.now()
    const parts = [await stages[name]()].flat()
    results.push({ name, seconds: (performance.now() - stageBegun) / 1000, parts })
    if (parts.every(({ failed, skipped }) => failed.length === 0 && skipped.length === 0)) {
      passed[name] = new Date().toISOString()
      mkdirSync(join(root, '.cache'), { recursive: true })
      writeFileSync(passedFile, JSON.stringify({ sources, passed }))
    }
  }
  const counts = summarize(results, { ci: true, whole: false, seconds: (performance.now() - begun) / 1000 })
  const missing = Object.keys(stages).filter((name) => passed[name] === undefined)
  console.log(
    missing.length === 0
      ? 'every deep stage has passed on these sources'
      : `not passed on these sources yet: ${missing.join(', ')}`,
  )
  process.exitCode = counts.failed > 0 ? 1 : 0
}

await main()
