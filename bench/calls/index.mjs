// What a paid call costs beside the same call unpaid and beside the official middleware of x402, in one run, with journal
// and charge log on the disk.
//   npm run bench:calls [-- --json] [-- --strict] [-- --rounds 5] [-- --only vouchers,sessions,exact] [-- --profile folder]
// With --strict it exits 1 when a figure misses its goal.
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildTypes } from '../../scripts/build.mjs'
import { runStep } from '../../scripts/steps.mjs'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    strict: { type: 'boolean' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'vouchers,sessions,exact' },
    profile: { type: 'string' },
  },
})
const asJson = values.json === true
/** In JSON nothing but the object is printed to stdout. */
const say = (text) => (asJson ? console.error(text) : console.log(text))
const step = (name, work) => (asJson ? work() : runStep(name, work))

await step('packages', () => buildTypes(['packages/sdk', 'packages/node']))
// These import the packages that were just built.
const [{ startChain }, { createCandidates }, { startLoad }, { installOfficialServer }, { measure }, { calibrate }] =
  await Promise.all([
    import('./chain.mjs'),
    import('./candidates.mjs'),
    import('./loads.mjs'),
    import('./peers.mjs'),
    import('./figures.mjs'),
    import('./model.mjs'),
  ])
await step('peers', installOfficialServer)

/** What the handler of the goal takes. */
const inferenceMicroseconds = 36
const model = await calibrate(inferenceMicroseconds)

const folder = mkdtempSync(join(tmpdir(), 'agorai-bench-calls-'))
const chain = await startChain()
const load = startLoad()
const stops = []
let figures
try {
  const makers = await createCandidates({
    chain,
    folder,
    profile: values.profile,
    modelTimes: model.times,
    onStarted: (stop) => stops.push(stop),
  })
  const parts = values.only.split(',')
  figures = await measure({ makers, load, folder, say, rounds: Number(values.rounds), parts, model })
} finally {
  for (const stop of stops) await stop()
  load.stop()
  await chain.stop()
  rmSync(folder, { recursive: true, force: true })
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
if (asJson) console.log(JSON.stringify({ name: 'calls', machine, figures }, null, 2))
else printTable(figures)
process.exitCode = values.strict === true && figures.some(({ met }) => met === false) ? 1 : 0

function printTable(rows) {
  const format = (value) => (value === undefined ? '' : value.toLocaleString('en-US'))
  console.log(`\n${''.padEnd(66)}${'Agorai'.padStart(10)}${'ratio'.padStart(9)}${'goal'.padStart(9)}`)
  for (const { id, value, unit, peer, peerValue, ratio, goal, met } of rows) {
    const mark = met === undefined ? ' ' : met ? '✓' : '✗'
    const beside = peer === undefined ? '' : `; ${peer}: ${format(peerValue)}`
    const cells = [format(value).padStart(10), format(ratio).padStart(9), format(goal).padStart(9)]
    console.log(`${id.padEnd(66)}${cells.join('')} ${mark} ${unit}${beside}`)
  }
}
