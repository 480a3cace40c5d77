// Runs the contract tests on the bytecode that production deploys.
//   node scripts/testContracts.mjs            everything, about five minutes
//   node scripts/testContracts.mjs --deep     100,000 runs of every fuzz test, a million calls of every invariant campaign
import { spawn } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildArtifacts, forgeBinary } from './contracts.mjs'
import { writeEip712Fixture } from './writeEip712Fixture.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))
/** Of every campaign: the ledger's, the market's, and the channels', whose every call signs and so takes longer. */
const invariantCallsMin = { shallow: 65_536, deep: 1_000_000 }
const channelCallsMin = { shallow: 6_144, deep: 1_000_000 }
const campaignsMin = 2
const vectorsExpected = 1025

const canaries = 'contracts/test/canary/**'
const channelCampaign = 'contracts/test/payments/invariant/**'
const channelSettings = { FOUNDRY_INVARIANT_RUNS: '12' }
const canaryFailure = /: 0 tests passed, 1 failed, 0 skipped/
const deepSettings = { FOUNDRY_FUZZ_RUNS: '100000', FOUNDRY_INVARIANT_RUNS: '1954', FOUNDRY_INVARIANT_DEPTH: '512' }

/** Runs forge to its end; `shown` prints what it says while it says it. */
async function forgeTest(options, environment = {}, { shown = false } = {}) {
  const child = spawn(forgeBinary, ['test', '--root', '.', ...options], {
    cwd: repository,
    env: { ...process.env, FOUNDRY_CONFIG: 'contracts/foundry.toml', FOUNDRY_PROFILE: 'test', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      output += text
      if (shown) process.stdout.write(text)
    })
  }
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal ?? code))
  })
  return { passed: status === 0, output }
}

const passedIn = (output) => Number(/(\d+) tests passed, 0 failed, 0 skipped/.exec(output)?.[1] ?? 0)
const campaignsIn = (output) => [...output.matchAll(/(invariant_\w+)\(\) \(runs: \d+, calls: (\d+), reverts: 0\)/g)]

/** Names of the figures that differ between two texts of the gas snapshot. */
function changedFigures(before, after) {
  const [old, current] = [JSON.parse(before), JSON.parse(after)]
  return [...new Set([...Object.keys(old), ...Object.keys(current)])]
    .filter((name) => old[name] !== current[name])
    .map((name) => `${name}: ${old[name] ?? 'none'} → ${current[name] ?? 'none'}`)
}

/**
 * Builds, runs every test, and proves that a failure would be seen. Gas figures are compared with those on disk, which
 * stay as they are unless `updateSnapshots` asks to keep the new ones.
 *
 * @returns {Promise<{ tests: number, invariantCalls: number, vectors: number }>} the counts that were reached
 */
export async function testContracts({ deep = false, updateSnapshots = false } = {}) {
  buildArtifacts()
  const vectors = writeEip712Fixture(join(repository, 'contracts/out/fixtures/eip712.txt'))
  if (vectors !== vectorsExpected) throw new Error(`${vectors} EIP-712 vectors instead of ${vectorsExpected}`)

  const snapshotFile = join(repository, 'contracts/snapshots/gas.json')
  const committed = updateSnapshots ? undefined : readFileSync(snapshotFile, 'utf8')
  if (updateSnapshots) rmSync(snapshotFile, { force: true })
  // Forge would replay what failed before instead of running the campaign, and so short a run never passes R7.
  rmSync(join(repository, 'contracts/cache/invariant'), { recursive: true, force: true })
  const apart = `{${canaries},${channelCampaign}}`
  const main = await forgeTest(['-vv', '--no-match-path', apart], deep ? deepSettings : {}, { shown: true })
  const measured = readFileSync(snapshotFile, 'utf8')
  // Forge has written its figures over the expected ones. They are put back, or the next run would agree with itself.
  if (committed !== undefined && measured !== committed) writeFileSync(snapshotFile, committed)
  if (!main.passed) throw new Error('contract tests failed')
  if (committed !== undefined && measured !== committed) {
    const changes = changedFigures(committed, measured).join('\n  ')
    throw new Error(`gas figures changed; --update-snapshots keeps the new ones:\n  ${changes}`)
  }

  const canary = await forgeTest(['--match-path', canaries])
  if (canary.passed || !canaryFailure.test(canary.output)) {
    throw new Error(`the test that fails on purpose was not reported as the one failure:\n${canary.output}`)
  }
  console.log('contracts: the test that fails on purpose was seen to fail')

  const ofChannels = deep ? deepSettings : channelSettings
  const channels = await forgeTest(['-vv', '--match-path', channelCampaign], ofChannels, { shown: true })
  if (!channels.passed) throw new Error("the channels' campaign failed")

  const tests = passedIn(main.output) + passedIn(channels.output)
  const campaigns = campaignsIn(main.output)
  const callsMin = deep ? invariantCallsMin.deep : invariantCallsMin.shallow
  const short = campaigns.filter(([, , calls]) => Number(calls) < callsMin).map(([, name]) => name)
  if (tests === 0) throw new Error('no contract test ran, or some were skipped')
  if (campaigns.length < campaignsMin) throw new Error(`only ${campaigns.length} invariant campaigns`)
  if (short.length > 0) throw new Error(`fewer than ${callsMin} invariant calls: ${short.join(', ')}`)
  const ownMin = deep ? channelCallsMin.deep : channelCallsMin.shallow
  const [own] = campaignsIn(channels.output)
  if (own === undefined || Number(own[2]) < ownMin)
    throw new Error(`fewer than ${ownMin} calls of the channels' campaign`)
  const invariantCalls = [...campaigns, own].reduce((sum, [, , calls]) => sum + Number(calls), 0)
  return { tests, invariantCalls, vectors }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const counts = await testContracts({
      deep: process.argv.includes('--deep'),
      updateSnapshots: process.argv.includes('--update-snapshots'),
    })
    console.log(`contracts: ${counts.tests} tests, ${counts.invariantCalls} invariant calls, ${counts.vectors} vectors`)
  } catch (error) {
    console.error(`contracts: ${error.message}`)
    process.exitCode = 1
  }
}
