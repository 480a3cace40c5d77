// What data work costs, beside the peers, in one run: hashes and trees, shares, the index, taking in, delivering.
//   npm run bench:data [-- --json] [-- --only hashing,indexing,ingest,delivery]
// Exits 1 when a figure misses its goal.
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildTypes } from '../../scripts/build.mjs'
import { root } from '../../scripts/install.mjs'
import { runStep } from '../../scripts/steps.mjs'

const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } })
const asJson = values.json === true
/** In JSON nothing but the object is printed to stdout. */
const say = (text) => (asJson ? console.error(text) : console.log(text))
const step = (name, work) => (asJson ? work() : runStep(name, work))

/** What is measured, and by what. These import the packages that are built first. */
const parts = {
  hashing: async () => (await import('./hashing.mjs')).measureHashing(),
  indexing: async () => {
    const { installIndexPeers } = await import('./peers.mjs')
    await step('peers', installIndexPeers)
    return (await import('./indexing.mjs')).measureIndexing({ say })
  },
  ingest: async () => (await import('./ingest.mjs')).measureIngest(),
  delivery: measureDelivery,
}

/** Whole, with its goal: `met` is computed here and nowhere else. */
function judge({ id, value, unit, peer, peerValue, goal, goalIs, met }) {
  const ratio =
    typeof peerValue !== 'number' ? undefined : round(goalIs === 'most' ? peerValue / value : value / peerValue)
  const own =
    typeof goal !== 'number' || goalIs === undefined
      ? (met ?? undefined)
      : goalIs === 'most'
        ? value <= goal
        : value >= goal
  return { id, value: round(value), unit, peer, peerValue: peerValue && round(peerValue), ratio, goal, met: own }
}

const round = (value) => (value >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

/** The whole way of a dataset, by the programs that people start. */
async function measureDelivery() {
  const child = spawn(process.execPath, [join(root, 'bench/delivery.mjs'), '--runs', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) output += text
  const line = /^figure: order to verified delivery of 100 MB: (.*); goal/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`no delivery was measured: ${output}`)
  return line.split(', ').map((one) => {
    const [, rowFormat, seconds] = /^(\S+) ([\d.]+) s$/.exec(one)
    return {
      id: `order to verified delivery of 100 MB, ${rowFormat}`,
      value: Number(seconds),
      unit: 'seconds',
      goal: 10,
      goalIs: 'most',
    }
  })
}

function printTable(figures) {
  const format = (value) => (value === undefined ? '' : value.toLocaleString('en-US'))
  const row = (cells) =>
    console.log(
      `${cells[0].padEnd(78)}${cells
        .slice(1, 3)
        .map((cell) => cell.padStart(12))
        .join('')}  ${cells[3]}`,
    )
  row(['', 'Agorai', 'goal', ''])
  for (const { id, value, unit, goal, met, peer, peerValue, ratio } of figures) {
    const beside = peer === undefined ? '' : `; ${peer}: ${format(peerValue)}, ratio ${ratio}`
    row([id, format(value), format(goal ?? undefined), `${met === undefined ? '' : met ? '✓ ' : '✗ '}${unit}${beside}`])
  }
}

const wanted = values.only?.split(',') ?? Object.keys(parts)
await step('packages', () => buildTypes(['packages/sdk', 'packages/node']))
const figures = []
for (const name of wanted) {
  say(`measuring ${name}`)
  figures.push(...(await parts[name]()).map(judge))
}
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
if (asJson) console.log(JSON.stringify({ name: 'data', machine, figures }, null, 2))
else printTable(figures)
process.exitCode = figures.some(({ met }) => met === false) ? 1 : 0
