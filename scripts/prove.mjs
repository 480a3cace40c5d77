// Proves the models of contracts/proofs with the compiler's own model checker (SMTChecker, engine CHC) and z3: whatever they
// assert holds after every sequence of calls. So that a proof which cannot fail is found out, each has wrong variants in
// contracts/proofs/wrong.json, and each of those must be refuted by a sequence of calls that breaks an assertion.
//   node scripts/prove.mjs [--only TimedPass] [--quick]     --quick leaves out what takes minutes
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { mutate } from './mutants.mjs'
import { compileJson } from './solc.mjs'

const folder = fileURLToPath(new URL('../contracts/proofs', import.meta.url))

/** What the compiler gives its own solver, then the same with another order of trying things: no one order suits all. */
const usual = ['rewriter.pull_cheap_ite=true', 'fp.spacer.q3.use_qgen=true', 'fp.spacer.mbqi=false']
const ways = [
  [...usual, 'fp.spacer.ground_pobs=false'],
  [...usual, 'fp.spacer.ground_pobs=false', 'fp.spacer.random_seed=7', 'smt.random_seed=7'],
  [...usual, 'fp.spacer.use_lemma_as_cti=true'],
]
/** A way that suits finds its answer soon, so each is tried for a short while before any is for a long one. */
const attempts = [10, 60, 240].flatMap((seconds) => ways.map((options) => [`-T:${seconds}`, ...options]))

export function findSolver() {
  const { stdout, error } = spawnSync('z3', ['--version'], { encoding: 'utf8' })
  return error ? undefined : stdout.trim()
}

/**
 * Answers queries by asking z3 until one way gives an answer.
 *
 * @param untilRefuted Whether one broken assertion is enough, so that nothing is asked after it.
 */
function createSolver(untilRefuted) {
  let isRefuted = false
  return (query) => {
    if (untilRefuted && isRefuted) return { contents: 'unknown' }
    let answer = ''
    for (const options of attempts) {
      const input = { input: query, encoding: 'utf8', maxBuffer: 1 << 30 }
      answer = spawnSync('z3', ['-smt2', '-in', ...options], input).stdout
      if (/^(sat|unsat)/.test(answer)) break
    }
    // The compiler asks whether the assertion is safe.
    isRefuted ||= answer.startsWith('unsat')
    return { contents: answer }
  }
}

/**
 * Checks one contract.
 *
 * @returns `proved`: how many assertions and subtractions hold; `refuted`: those that a sequence of calls breaks;
 *   `open`: those that were neither.
 */
export function checkModel(name, content, { untilRefuted = false } = {}) {
  const file = `${name}.sol`
  const input = {
    language: 'Solidity',
    sources: { [file]: { content } },
    settings: {
      outputSelection: { '*': { '*': [] } },
      modelChecker: {
        contracts: { [file]: [name] },
        engine: 'chc',
        solvers: ['smtlib2'],
        targets: ['assert', 'underflow'],
        showProvedSafe: true,
        showUnproved: true,
      },
    },
  }
  const { errors = [] } = compileJson(input, { smtSolver: createSolver(untilRefuted) })
  const failed = errors.find(({ severity }) => severity === 'error')
  if (failed) throw new Error(failed.formattedMessage)
  const said = (pattern) => errors.filter(({ message }) => pattern.test(message))
  const placeOf = ({ sourceLocation: { start, end } }) =>
    `line ${content.slice(0, start).split('\n').length}: ${content.slice(start, end).replace(/\s+/g, ' ')}`
  return {
    proved: said(/^CHC: .* check is safe!/s).length,
    refuted: said(/^CHC: .* happens here\./s).map(placeOf),
    open: said(/^CHC: .* might happen here\./s).map(placeOf),
  }
}

/** Models by name. */
export const readModels = () =>
  new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith('.sol'))
      .sort()
      .map((file) => [file.slice(0, -'.sol'.length), readFileSync(join(folder, file), 'utf8')]),
  )

/** Rows of wrong.json: `{ proof, name, find, replace }`. */
export const readWrongVariants = () => JSON.parse(readFileSync(join(folder, 'wrong.json'), 'utf8'))

/** What is wrong with a result, for a model that must be proved and for one that must be refuted. */
export const judgeModel = ({ proved, refuted, open }) => [
  ...(proved === 0 ? ['nothing was proved'] : []),
  ...refuted.map((place) => `broken at ${place}`),
  ...open.map((place) => `not decided at ${place}`),
]
export const judgeWrongVariant = ({ refuted }) =>
  refuted.length > 0 ? [] : ['no sequence of calls was found to break it']

/** Models that take minutes. */
const slow = ['TimedPass']

/** How many are checked at a time: the solver has one thread. */
const lanes = 2

/** Checks one contract in a thread of its own. */
const checkAside = (task) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task })
    worker.once('message', resolve)
    worker.once('error', reject)
  })

async function main() {
  const solver = findSolver()
  if (solver === undefined) {
    console.log('- skipped   proofs: z3 is not installed (Debian and Ubuntu: apt-get install z3)')
    return
  }
  const at = process.argv.indexOf('--only')
  const only = at === -1 ? undefined : process.argv[at + 1]?.split(',')
  const left = process.argv.includes('--quick') ? slow : []
  const isChosen = (name) => (only === undefined || only.includes(name)) && !left.includes(name)
  const models = readModels()
  const tasks = [
    ...[...models].map(([name, text]) => ({ name, text, title: name, judge: judgeModel })),
    ...readWrongVariants().map((row) => ({
      name: row.proof,
      text: mutate(models.get(row.proof) ?? '', { ...row, file: `${row.proof}.sol` }),
      title: `${row.proof}, wrong: ${row.name}`,
      judge: judgeWrongVariant,
    })),
  ].filter(({ name }) => isChosen(name))
  let failures = 0
  const check = async ({ name, text, title, judge }) => {
    const begun = performance.now()
    const result = await checkAside({ name, text, untilRefuted: judge === judgeWrongVariant })
    const wrong = judge(result)
    const what = judge === judgeModel ? `proved ${result.proved}` : 'refuted'
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    console.log(`${wrong.length === 0 ? `✓ ${what.padEnd(9)}` : '✗ failed   '} ${title}  ${seconds} s`)
    for (const why of wrong) console.log(`    ${why}`)
    if (wrong.length > 0) failures++
  }
  const waiting = tasks.values()
  const lane = async () => {
    for (const task of waiting) await check(task)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  console.log(`proofs: ${tasks.length - failures} of ${tasks.length} as they must be, by ${solver}`)
  if (tasks.length === 0 || failures > 0) process.exitCode = 1
}

if (workerData?.untilRefuted !== undefined) {
  const { name, text, untilRefuted } = workerData
  parentPort.postMessage(checkModel(name, text, { untilRefuted }))
} else if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
