// Breaks the contracts of the money path in every small way that a mistake could, one at a time, and asks the tests whether
// they notice. Mutants that cannot be noticed are listed with their reason in scripts/mutation/equivalent.json.
//   npm run mutate                             all of them, hours; what is known already is not asked again
//   npm run mutate -- --sample 300 --seed 1    some of them, drawn by the seed
//   npm run mutate -- --file Pricing --list    what there is, without asking
// Options: --workers 2, --least 90 (per cent that must be killed, else it exits with 1)
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { analyse, compileContract } from './mutation/compile.mjs'
import { createMutants, describeMutant } from './mutation/mutators.mjs'
import { allTests, deployedContracts, targets } from './mutation/targets.mjs'
import { createWorkspace } from './mutation/workspace.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const knownFile = join(root, '.cache/mutation.json')
const equivalentFile = join(root, 'scripts/mutation/equivalent.json')
const hash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 24)

/** Every mutant of the money path: `{ id, file, start, end, replacement, operator, line, before, after }`. */
export function listMutants(folder = root) {
  const files = targets.flatMap((target) => target.files).filter((file) => existsSync(join(folder, file)))
  const trees = analyse(folder, files)
  return files.flatMap((file) => {
    const source = readFileSync(join(folder, file))
    const seen = new Set()
    return createMutants(source, trees.get(file)).flatMap((mutant) => {
      const described = { file, ...mutant, ...describeMutant(source, mutant) }
      const id = hash([file, mutant.start, mutant.end, mutant.replacement].join('\0'))
      if (seen.has(id)) return []
      seen.add(id)
      return [{ id, ...described }]
    })
  })
}

/** Splits mutants by whether equivalent.json names them; a row that names none is out of date. */
export function leaveOutEquivalents(mutants, rows) {
  const keyOf = ({ file, before, after }) => [file, before, after].join('\0')
  const reasons = new Map(rows.map((row) => [keyOf(row), row]))
  const used = new Set(mutants.map(keyOf).filter((key) => reasons.has(key)))
  return {
    judged: mutants.filter((mutant) => !reasons.has(keyOf(mutant))),
    equivalent: mutants.filter((mutant) => reasons.has(keyOf(mutant))),
    stale: rows.filter((row) => !used.has(keyOf(row))),
  }
}

/** Some of the mutants, the same for the same seed; those of a larger sample begin with those of a smaller one. */
export function drawSample(mutants, size, seed) {
  const keyed = mutants.map((mutant) => [hash(`${seed} ${mutant.id}`), mutant])
  return keyed
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, size)
    .map(([, mutant]) => mutant)
}

/** Killed of those that were born, in per cent. */
export function scoreOf(results) {
  const killed = results.filter(({ outcome }) => outcome === 'killed').length
  const survived = results.filter(({ outcome }) => outcome === 'survived').length
  return killed + survived === 0 ? 0 : (100 * killed) / (killed + survived)
}

/** What was found out before about the same sources. A survivor is asked again when any test has changed. */
function readKnown() {
  const textOf = (folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.sol'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((file) => readFileSync(file, 'utf8'))
      .join('\0')
  const [sources, tests] = [hash(textOf('contracts/src')), hash(textOf('contracts/test'))]
  const kept = existsSync(knownFile) ? JSON.parse(readFileSync(knownFile, 'utf8')) : {}
  const results = new Map(kept.sources === sources ? kept.results : [])
  if (kept.tests !== tests) for (const [id, { outcome }] of results) if (outcome === 'survived') results.delete(id)
  return {
    results,
    save: () => {
      mkdirSync(join(root, '.cache'), { recursive: true })
      writeFileSync(`${knownFile}.new`, JSON.stringify({ sources, tests, results: [...results] }))
      renameSync(`${knownFile}.new`, knownFile)
    },
  }
}

/** Everything as it should be, compiled as the mutants are. The tests must pass on it, or they say nothing about mutants. */
async function createBase() {
  const base = createWorkspace(root)
  for (const { name, path } of deployedContracts) {
    const artifact = compileContract(base.folder, path, name)
    if (artifact === undefined) throw new Error(`${name} does not compile`)
    base.install(name, artifact)
  }
  const { outcome, test } = await base.test(allTests)
  if (outcome !== 'passed') {
    base.remove()
    throw new Error(`${test ?? 'a test'} fails before anything is broken`)
  }
  return base
}

/** Has the workers judge mutants, each whenever it is free. */
async function judgeAll(mutants, workers, report) {
  if (mutants.length === 0) return
  const base = await createBase()
  const waiting = [...mutants]
  const work = () =>
    new Promise((resolve, reject) => {
      const worker = fork(join(root, 'scripts/mutation/worker.mjs'), [base.folder])
      let current
      const next = () => {
        current = waiting.shift()
        worker.send({ mutant: current })
      }
      worker.on('message', ({ ready, result, error }) => {
        if (error !== undefined) {
          worker.kill()
          reject(new Error(current === undefined ? error : `${describe(current)}\n${error}`))
          return
        }
        if (!ready) report(current, result)
        next()
      })
      worker.on('exit', resolve)
    })
  await Promise.all(Array.from({ length: Math.min(workers, mutants.length) }, work)).finally(base.remove)
}

const describe = ({ file, line, operator, before, after }) => `${file}:${line} ${operator}\n    ${before}\n    ${after}`

async function main() {
  const { values } = parseArgs({
    options: {
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string' },
      workers: { type: 'string', default: '2' },
      least: { type: 'string', default: '90' },
      list: { type: 'boolean', default: false },
    },
  })
  const { judged, equivalent, stale } = leaveOutEquivalents(
    listMutants(),
    JSON.parse(readFileSync(equivalentFile, 'utf8')),
  )
  for (const { file, before } of stale) console.error(`equivalent.json names what is not there: ${file}: ${before}`)
  const chosen = judged.filter(({ file }) => values.file === undefined || file.includes(values.file))
  const sample = values.sample === undefined ? chosen : drawSample(chosen, Number(values.sample), values.seed)
  if (values.list) {
    for (const mutant of sample) console.log(describe(mutant))
    console.log(`${judged.length} mutants, and ${equivalent.length} that change nothing`)
    return
  }

  const known = readKnown()
  const unknown = sample.filter(({ id }) => !known.results.has(id))
  console.log(`mutants: ${sample.length} of ${judged.length}, ${sample.length - unknown.length} known already`)
  let done = 0
  await judgeAll(unknown, Number(values.workers), (mutant, result) => {
    known.results.set(mutant.id, result)
    known.save()
    done++
    if (result.outcome === 'survived') console.log(`✗ survived  ${describe(mutant)}`)
    if (done % 10 === 0) console.log(`· ${done} of ${unknown.length}`)
  })

  const results = sample.map(({ id }) => known.results.get(id))
  const count = (outcome) => results.filter((result) => result.outcome === outcome).length
  const score = scoreOf(results)
  const survivors = sample.filter(({ id }) => known.results.get(id).outcome === 'survived')
  for (const mutant of survivors) console.log(`✗ survived  ${describe(mutant)}`)
  console.log(
    `mutation: ${score.toFixed(1)} % killed (${count('killed')} killed, ${count('survived')} survived, ` +
      `${count('stillborn')} stillborn, ${equivalent.length} listed as equivalent)`,
  )
  if (stale.length > 0 || score < Number(values.least)) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
