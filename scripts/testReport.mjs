// Reads what the test runners print and makes one summary of it.
import { relative } from 'node:path'

/**
 * What each promise of SECURITY.md is tested with, at least, and the file of tests that shows it. The tests state what they
 * reached, each in a line of its own: `P14: 20 histories`.
 */
export const promises = [
  { id: 'P1', what: 'invariant calls', least: 65_536 },
  { id: 'P1', what: 'channel calls', least: 6_144 },
  { id: 'P1', what: 'graphs', least: 300, file: 'e2e/ledgerMatchesCore.test.ts' },
  { id: 'P1', what: 'market histories', least: 150, file: 'e2e/marketMatchesCore.test.ts' },
  {
    id: 'P8',
    what: 'EIP-712 vectors in TypeScript',
    least: 1_025,
    file: 'packages/core/src/signing/typedData.test.ts',
  },
  { id: 'P8', what: 'EIP-712 vectors in Solidity', least: 1_025 },
  { id: 'P9', what: 'vouchers', least: 200, file: 'e2e/payments/fleet.test.ts' },
  { id: 'P9', what: 'session calls', least: 200, file: 'e2e/payments/fleet.test.ts' },
  { id: 'P9', what: 'histories of leases', least: 12, file: 'packages/node/src/gateway/sessions/leases.test.ts' },
  { id: 'P10', what: 'paid kill points', least: 3, file: 'e2e/payments/crash.test.ts' },
  { id: 'P10', what: 'power cuts', least: 200, file: 'e2e/payments/crash.test.ts' },
  { id: 'P10', what: 'kill points of the node', least: 10, file: 'packages/node/test/crash.test.ts' },
  { id: 'P10', what: 'kill points of the key store', least: 10, file: 'packages/node/test/keyStoreCrash.test.ts' },
  { id: 'P11', what: 'sequences', least: 400, file: 'packages/node/src/gateway/calls/answerOnce.test.ts' },
  { id: 'P12', what: 'histories', least: 120, file: 'packages/node/test/releases.test.ts' },
  { id: 'P13', what: 'byte flips detected', least: 300, file: 'packages/core/src/content/chunks.test.ts' },
  { id: 'P14', what: 'histories', least: 20, file: 'e2e/index/reorgs.test.ts' },
  { id: 'P15', what: 'needles', least: 900, file: 'packages/node/test/secrets.test.ts' },
  { id: 'P15', what: 'secrets of a whole market', least: 19, file: 'e2e/secrets.test.ts' },
  { id: 'P16', what: 'ways back refused', least: 7, file: 'packages/node/test/secrets.test.ts' },
  { id: 'P17', what: 'personal texts', least: 40, file: 'e2e/personal-data.test.ts' },
  { id: 'P20', what: 'spellings refused', least: 60, file: 'packages/sdk/src/ingest/net/publicAddress.test.ts' },
  { id: 'P21', what: 'requests', least: 20_000, file: 'e2e/fuzz.test.ts' },
]

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals are coloured by control characters.
const colours = /\x1b\[[0-9;]*m/g
const toNumber = (text) => Number(text.replaceAll(',', ''))

const keyOf = ({ id, what }) => `${id} ${what}`

/** Highest count that the output states for each promise, by `keyOf`. What follows on the line is for people. */
export function readCounts(output) {
  const counts = new Map()
  for (const promise of promises) {
    const line = new RegExp(`^\\s*${promise.id}: ([\\d,]+) ${promise.what}\\b`, 'gm')
    for (const [, count] of output.replace(colours, '').matchAll(line))
      counts.set(keyOf(promise), Math.max(counts.get(keyOf(promise)) ?? 0, toNumber(count)))
  }
  return counts
}

/**
 * Tests and invariant calls of `scripts/testContracts.mjs`. Every invariant must reach its calls, so the least of them
 * counts; those of channels, whose every call signs, are fewer and count apart.
 */
export function readForge(output) {
  const text = output.replace(colours, '')
  const total = /^Ran \d+ test suites? in .*: (\d+) tests? passed, (\d+) failed, (\d+) skipped/m.exec(text)
  const failed = [...text.matchAll(/^\[FAIL[^\]]*\] (\S+)/gm)].map(([, name]) => `forge ${name}`)
  const skipped = [...text.matchAll(/^\[SKIP[^\]]*\] (\S+)/gm)].map(([, name]) => `forge ${name}`)
  const campaigns = [...text.matchAll(/^\[PASS\] (?:invariant|statefulFuzz)_?(\w*)\(\) \(runs: \d+, calls: (\d+)/gm)]
  const result = {
    passed: Number(total?.[1] ?? 0),
    failed: [...new Set(failed)],
    skipped: [...new Set(skipped)],
    counts: new Map(),
  }
  if (total === null) result.failed.push('forge printed no total')
  if (Number(total?.[2] ?? 0) > 0 && failed.length === 0) result.failed.push(`forge: ${total[2]} failed`)
  for (const [, name, count] of campaigns) {
    const key = name.startsWith('Channels') ? 'P1 channel calls' : 'P1 invariant calls'
    result.counts.set(key, Math.min(result.counts.get(key) ?? Number.POSITIVE_INFINITY, Number(count)))
  }
  return result
}

/** Mutants of `scripts/mutants.mjs`: one that is killed is a test that can fail, one that survives is a failure. */
export function readMutantLines(output) {
  const text = output.replace(colours, '')
  const named = (mark) => [...text.matchAll(new RegExp(`^${mark} +(.+)$`, 'gm'))].map(([, name]) => name)
  return {
    passed: named('✓ killed').length,
    failed: named('✗ survived').map((name) => `survived: ${name}`),
    skipped: [],
  }
}

/** Models and wrong variants of `scripts/prove.mjs`. Without a solver there is nothing to count. */
export function readProofs(output) {
  const text = output.replace(colours, '')
  const named = (pattern) => [...text.matchAll(pattern)].map(([, name]) => name)
  return {
    passed: named(/^✓ (?:proved \d+|refuted) +(.+?) {2}/gm).length,
    failed: named(/^✗ failed +(.+?) {2}/gm).map((name) => `proof: ${name}`),
    skipped: named(/^- skipped +(.+)$/gm),
  }
}

/** Tests of vitest's JSON report, failures and skips by name. */
export function readVitest(report, root) {
  const result = { passed: 0, failed: [], skipped: [] }
  for (const { name: file, assertionResults, status, message } of report.testResults) {
    const path = relative(root, file)
    for (const { fullName, status: outcome } of assertionResults) {
      if (outcome === 'passed') result.passed++
      else if (outcome === 'failed') result.failed.push(`${path}: ${fullName}`)
      else result.skipped.push(`${path}: ${fullName}`)
    }
    // A file that does not load has no tests to fail.
    if (status === 'failed' && !assertionResults.some((one) => one.status === 'failed'))
      result.failed.push(`${path}: ${message.split('\n')[0]}`)
  }
  if (report.testResults.length === 0) result.failed.push('vitest found no tests')
  return result
}

/** What a promise was tested with, where that is less than it must be. */
function shortfallOf(promise, counts) {
  const reached = counts.get(keyOf(promise)) ?? 0
  return reached >= promise.least ? undefined : `${promise.id}: ${reached} ${promise.what} of ${promise.least}`
}

/**
 * Promises that were tested with less than they must be: `skipped` are those that show themselves in a file of which tests
 * were skipped, `failed` all others.
 */
export function unreached(counts, skippedTests = []) {
  const skippedFiles = new Set(skippedTests.map((name) => name.split(': ', 1)[0]))
  const result = { failed: [], skipped: [] }
  for (const promise of promises) {
    const shortfall = shortfallOf(promise, counts)
    if (shortfall !== undefined) result[skippedFiles.has(promise.file) ? 'skipped' : 'failed'].push(shortfall)
  }
  return result
}

/**
 * Prints the summary, whose last line is `N passed, N failed, N skipped`.
 *
 * @param whole Whether everything ran, so that every promise must have been reached.
 * @param ci Whether a skip is a failure.
 */
export function summarize(results, { ci, whole, seconds }, print = console.log) {
  const parts = results.flatMap((result) => result.parts)
  const counts = new Map()
  for (const { counts: own = new Map(), output } of parts)
    for (const [key, count] of [...own, ...readCounts(output)]) counts.set(key, Math.max(counts.get(key) ?? 0, count))
  const skippedTests = parts.flatMap((part) => part.skipped)
  const short = whole ? unreached(counts, skippedTests) : { failed: [], skipped: [] }
  const skipped = [...skippedTests, ...short.skipped]
  const failed = [...parts.flatMap((part) => part.failed), ...short.failed]
  if (ci) failed.push(...skipped.map((name) => `skipped in CI: ${name}`))
  const passed = parts.reduce((sum, part) => sum + part.passed, 0)

  print(`\n── summary ${'─'.repeat(93)}\n`)
  for (const { name, seconds: took, parts: own } of results) {
    const sum = own.reduce((total, part) => total + part.passed, 0)
    const mark = own.some((part) => part.failed.length > 0) ? '✗' : '✓'
    print(`${mark} ${name.padEnd(12)} ${String(sum).padStart(5)} passed ${`${took.toFixed(1)} s`.padStart(10)}`)
  }
  print('')
  for (const promise of promises) {
    const reached = counts.get(keyOf(promise))
    if (reached === undefined && !whole) continue
    const shortfall = shortfallOf(promise, counts)
    const mark = shortfall === undefined ? '✓' : short.skipped.includes(shortfall) ? '-' : '✗'
    print(`${mark} ${promise.id.padEnd(4)} ${(reached ?? 0).toLocaleString('en')} ${promise.what}`)
  }
  if (skipped.length > 0)
    print(`\nSkipped, for want of a tool or a service:\n${skipped.map((name) => `  ${name}`).join('\n')}`)
  if (failed.length > 0) print(`\nFailed:\n${failed.map((name) => `  ${name}`).join('\n')}`)
  print(`\n${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s\n`)
  print(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
  return { passed, failed: failed.length, skipped: skipped.length }
}
