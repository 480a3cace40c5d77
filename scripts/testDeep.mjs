// `npm run test:deep`: everything that takes longer than a submission may. Options after `--`:
//   --only campaigns,proofs     runs these stages only: campaigns graphs histories fuzz releases keys leases payments crashes
//                               promises proofs mutants mutation delivery gas
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
import { check, forge, gas, mutants, node, proofs, runStage, vitest } from './testStages.mjs'

const hourMs = 60 * 60_000
const passedFile = join(root, '.cache/test-deep.json')
const callsLeast = 1_000_000
const historiesLeast = 1_000
const requestsLeast = 1_000_000
const releasesLeast = 100_000
const paidLeast = 100_000
const cutsLeast = 10_000
const sequencesLeast = 100_000
const graphsLeast = 10_000
const leasesLeast = 10_000
const flipsLeast = 1_048_625
const textsLeast = 2_000
const mutantsAsked = process.env.AGORAI_MUTANTS ?? '400'

/** What a stage reached, held to what it must reach. */
const reaching = (part, key, least) => {
  const counts = new Map([...(part.counts ?? []), ...readCounts(part.output)])
  const reached = counts.get(key) ?? 0
  return reached >= least ? part : { ...part, failed: [...part.failed, `${key}: ${reached} of ${least}`] }
}

const oneByOne = ['--no-file-parallelism', '--testTimeout', String(8 * hourMs), '--hookTimeout', String(hourMs)]

/** Runs test files one by one, with settings by which they do more. */
const deepTests = (name, files, env) => vitest(name, files, { options: oneByOne, env, timeout: 8 * hourMs })

const stages = {
  // A million calls a campaign, a hundred thousand draws a fuzz test.
  campaigns: async () => {
    const part = await forge(['--deep'], 8 * hourMs)
    return reaching(reaching(part, 'P1 invariant calls', callsLeast), 'P1 channel calls', callsLeast)
  },
  graphs: async () => {
    const files = ['e2e/ledgerMatchesCore.test.ts', 'e2e/marketMatchesCore.test.ts']
    const part = await deepTests('graphs', files, { AGORAI_DEEP: '1' })
    return reaching(reaching(part, 'P1 graphs', graphsLeast), 'P1 market histories', graphsLeast)
  },
  histories: async () => {
    const env = { AGORAI_REORG_HISTORIES: String(historiesLeast) }
    return reaching(await deepTests('histories', ['e2e/index/reorgs.test.ts'], env), 'P14 histories', historiesLeast)
  },
  fuzz: async () => {
    const env = { AGORAI_FUZZ_REQUESTS: String(requestsLeast) }
    return reaching(await deepTests('fuzz', ['e2e/fuzz.test.ts'], env), 'P21 requests', requestsLeast)
  },
  releases: async () => {
    const env = { AGORAI_RELEASE_HISTORIES: String(releasesLeast) }
    const part = await deepTests('releases', ['packages/node/test/releases.test.ts'], env)
    return reaching(part, 'P12 histories', releasesLeast)
  },
  keys: async () => {
    const env = { AGORAI_KEY_SEQUENCES: String(sequencesLeast) }
    const part = await deepTests('keys', ['packages/node/src/gateway/calls/answerOnce.test.ts'], env)
    return reaching(part, 'P11 sequences', sequencesLeast)
  },
  leases: async () => {
    const env = { AGORAI_SESSION_RUNS: String(leasesLeast) }
    const part = await deepTests('leases', ['packages/node/src/gateway/sessions/leases.test.ts'], env)
    return reaching(part, 'P9 histories of leases', leasesLeast)
  },
  // Half by vouchers, half in one session.
  payments: async () => {
    const env = { AGORAI_PAID_REQUESTS: String(paidLeast), AGORAI_PAYMENT_RUNS: '20000' }
    const desk = 'packages/node/src/gateway/payments/channelDesk.test.ts'
    const part = await deepTests('payments', [desk, 'e2e/payments/fleet.test.ts'], env)
    return reaching(reaching(part, 'P9 vouchers', paidLeast / 2), 'P9 session calls', paidLeast / 2)
  },
  crashes: async () => {
    const env = { AGORAI_CRASH_POINTS: '100', AGORAI_POWER_CUTS: String(cutsLeast) }
    const part = await deepTests('crashes', crashTests, env)
    return killsLeast.reduce((held, [what, least]) => reaching(held, `P10 ${what}`, least), part)
  },
  promises: async () => {
    const part = await deepTests('promises', promiseTests, { AGORAI_DEEP: '1' })
    return promisesLeast.reduce((held, [key, least]) => reaching(held, key, least), part)
  },
  proofs: () => proofs([], 2 * hourMs),
  mutants: () => mutants([], 8 * hourMs),
  mutation: () =>
    check('mutation of the money path', ...node('scripts/mutate.mjs', '--sample', mutantsAsked), {}, 24 * hourMs),
  delivery: () => check('order to verified delivery', ...node('bench/delivery.mjs')),
  gas,
}

/** Whatever kills processes inside their system calls. */
const crashTests = [
  'e2e/payments/crash.test.ts',
  'packages/node/test/crash.test.ts',
  'packages/node/test/keyStoreCrash.test.ts',
]

const killsLeast = [
  ['power cuts', cutsLeast],
  ['paid kill points', 20],
  ['kill points of the node', 16],
  ['kill points of the key store', 20],
]

/** Contents that are delivered as they were listed, kept closed, erased, brought back, kept off the chain, and fetched. */
const promiseTests = [
  'packages/core/src/content/chunks.test.ts',
  'packages/core/src/assets/onChainFields.test.ts',
  'packages/sdk/src/delivery/readChunks.test.ts',
  'packages/sdk/src/ingest/net',
  'packages/node/test/secrets.test.ts',
  'packages/node/test/erasure.test.ts',
  'e2e/contentProofs.test.ts',
  'e2e/operating.test.ts',
  'e2e/personal-data.test.ts',
  'e2e/secrets.test.ts',
]

const promisesLeast = [
  ['P13 byte flips detected', flipsLeast],
  ['P15 needles', 900],
  ['P15 secrets of a whole market', 19],
  ['P16 ways back refused', 7],
  ['P17 personal texts', textsLeast],
  ['P20 spellings refused', 60],
]

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
    const result = await runStage(name, stages[name])
    results.push(result)
    if (result.parts.every(({ failed, skipped }) => failed.length === 0 && skipped.length === 0)) {
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
