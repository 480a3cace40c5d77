// What Agorai costs its users in gas, beside the peers, in one run on fresh local chains.
//   npm run bench:gas [-- --json]
// Exits 1 when a figure misses its goal and is not in bench/gas-exceptions.json, or is there with a bound that is wrong.
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { buildTypes } from '../../scripts/build.mjs'
import { root } from '../../scripts/install.mjs'
import { runStep } from '../../scripts/steps.mjs'
import { findFailures } from './exceptions.mjs'
import { createFigures } from './figures.mjs'

const asJson = process.argv.includes('--json')
const readHere = (path) => JSON.parse(readFileSync(join(root, 'bench', path), 'utf8'))
const format = (value) => value.toLocaleString('en-US')
/** In JSON nothing but the object is printed. */
const step = (name, work) => (asJson ? work() : runStep(name, work))

async function measure() {
  await step('packages', () => buildTypes(['packages/sdk']))
  // These import the packages that were just built.
  const [{ startChain }, { installGasPeers, compileTokens }, { measureAgorai }, peers] = await Promise.all([
    import('./chain.mjs'),
    import('./code.mjs'),
    import('./agorai.mjs'),
    importPeers(),
  ])
  await step('peers', async () => {
    await installGasPeers()
    return 'installed from bench/gas/package-lock.json'
  })
  const tokens = compileTokens()
  const onChain = async (name, work) => {
    let result
    await step(name, async () => {
      const chain = await startChain()
      try {
        result = await work(chain)
      } finally {
        await chain.stop()
      }
      return 'measured'
    })
    return result
  }
  const { costs, till } = await onChain('Agorai', (chain) => measureAgorai(chain, tokens))
  const measured = {}
  for (const [name, measurePeer] of Object.entries(peers))
    measured[name] = await onChain(name, (chain) => measurePeer(chain, tokens, till))
  return createFigures(costs, measured, readHere('gas/published.json'))
}

async function importPeers() {
  const [singularity, ocean, superfluid, splitting, usdc] = await Promise.all([
    import('./peers/singularity.mjs'),
    import('./peers/ocean.mjs'),
    import('./peers/superfluid.mjs'),
    import('./peers/splitting.mjs'),
    import('./peers/usdc.mjs'),
  ])
  return {
    SingularityNET: singularity.measureSingularity,
    Ocean: ocean.measureOcean,
    Superfluid: superfluid.measureSuperfluid,
    'OpenZeppelin PaymentSplitter': splitting.measureSplitter,
    'Uniswap MerkleDistributor': splitting.measureDistributor,
    USDC: (chain, _, till) => usdc.measureUsdc(chain, till),
  }
}

function printTable(figures) {
  const row = (cells) =>
    console.log(
      `${cells[0].padEnd(46)}${cells
        .slice(1, 6)
        .map((cell) => cell.padStart(11))
        .join('')}  ${cells[6]}`,
    )
  row(['gas of', 'Agorai', 'goal', '', 'floor', 'peer', 'the best peer'])
  for (const { id, value, goal, met, cost, peer, peerValue, ratio, source } of figures)
    row([
      id,
      format(value),
      format(goal),
      met ? '✓' : `+${(100 * (value / goal - 1)).toFixed(1)} %`,
      format(cost.floor),
      peerValue === undefined ? '' : format(peerValue),
      peer === undefined ? '' : `${ratio} × ${peer}${source === undefined ? '' : ' (published)'}`,
    ])
  for (const source of new Set(figures.flatMap(({ peer, source: said }) => (said ? [`${peer}: ${said}`] : []))))
    console.log(`\n${source}`)
}

const figures = await measure()
const failures = findFailures(figures, readHere('gas-exceptions.json'))
if (asJson) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`
  const shown = figures.map(({ cost: _, ...figure }) => figure)
  console.log(JSON.stringify({ name: 'gas', machine, figures: shown }, null, 2))
} else printTable(figures)
for (const failure of failures) console.error(`✗ ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
