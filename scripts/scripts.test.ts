import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkMachine, isNodeSupported, matchesLockfile, root } from './install.mjs'
import { mutate, readMutants } from './mutants.mjs'
import { judgeModel, judgeWrongVariant, readModels, readWrongVariants } from './prove.mjs'
import {
  promises,
  readCounts,
  readForge,
  readMutantLines,
  readProofs,
  readVitest,
  summarize,
  unreached,
} from './testReport.mjs'

describe('what is needed', () => {
  test.each([
    ['v18.20.4', false],
    ['v20.18.1', false],
    ['v20.19.0', true],
    ['v21.7.0', false],
    ['v22.11.0', false],
    ['v22.12.0', true],
    ['v23.4.0', false],
    ['v24.0.0', true],
    ['v26.1.0', true],
  ])('Node %s: %s', (version, supported) => {
    expect(isNodeSupported(version)).toBe(supported)
  })

  test('an old Node and another platform are refused with what to do', () => {
    expect(() => checkMachine('v18.0.0', 'linux-x64')).toThrow(/v18\.0\.0 is not supported/)
    expect(() => checkMachine('v24.0.0', 'darwin-arm64')).toThrow(/darwin-arm64 is not supported/)
    expect(() => checkMachine('v24.0.0', 'linux-x64')).not.toThrow()
  })

  test('installed packages are compared with the lockfile by version; only optional ones may be missing', () => {
    const lockfile = {
      packages: {
        '': { optionalDependencies: { c: '1.0.0' } },
        'packages/core': { version: '0.1.0' },
        'node_modules/@agorai/core': { link: true },
        'node_modules/a': { version: '1.0.0' },
        'node_modules/b': { version: '1.0.0', optional: true },
        'node_modules/c': { version: '1.0.0', optional: true },
      },
    }
    const whole = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/c': { version: '1.0.0' } }
    const matches = (packages: Record<string, { version: string }>) => matchesLockfile(lockfile, { packages })
    expect(matches(whole)).toBe(true)
    expect(matches({ ...whole, 'node_modules/a': { version: '1.0.1' } })).toBe(false)
    expect(matches({ ...whole, 'node_modules/b': { version: '2.0.0' } })).toBe(false)
    expect(matches({ 'node_modules/c': { version: '1.0.0' } })).toBe(false)
    expect(matches({ 'node_modules/a': { version: '1.0.0' } })).toBe(false)
  })
})

const forgeOutput = `
Ran 3 tests for contracts/test/revenue/A.t.sol:A
\u001b[32m[PASS]\u001b[0m test_One() (gas: 1)
[FAIL: assertion failed] test_Two() (gas: 1)
[SKIP] test_Three() (gas: 0)
Suite result: FAILED. 1 passed; 1 failed; 1 skipped; finished in 1s

Ran 2 tests for contracts/test/revenue/I.t.sol:I
[PASS] invariant_Sums() (runs: 128, calls: 65536, reverts: 0)
[PASS] invariant_Dust() (runs: 128, calls: 70000, reverts: 0)
[PASS] invariant_ChannelsHold() (runs: 12, calls: 6144, reverts: 0)
Suite result: ok. 2 passed; 0 failed; 0 skipped; finished in 1s

Ran 2 test suites in 2s (2s CPU time): 3 tests passed, 1 failed, 1 skipped (5 total tests)

Failing tests:
[FAIL: assertion failed] test_Two() (gas: 1)
`

describe('the summary', () => {
  test('forge: totals, names, and the least calls of any invariant', () => {
    const { passed, failed, skipped, counts } = readForge(forgeOutput)
    expect({ passed, failed, skipped }).toEqual({
      passed: 3,
      failed: ['forge test_Two()'],
      skipped: ['forge test_Three()'],
    })
    expect(counts.get('P1 invariant calls')).toBe(65_536)
    expect(counts.get('P1 channel calls')).toBe(6_144)
    expect(readForge('Compiler run failed').failed).toEqual(['forge printed no total'])
  })

  test('mutants: the killed are counted, a survivor is named', () => {
    const output =
      '✓ killed    P1  pays nobody  (a.sol)\n✗ survived  P8  omits the nonce  (b.sol)\nmutants: 1 of 2 killed'
    expect(readMutantLines(output)).toEqual({
      passed: 1,
      failed: ['survived: P8  omits the nonce  (b.sol)'],
      skipped: [],
    })
  })

  test('mutants: each still finds the one place that it changes', () => {
    const mutants = readMutants()
    expect(mutants.length).toBeGreaterThan(100)
    for (const row of mutants) {
      const text = readFileSync(join(root, row.file), 'utf8')
      expect(mutate(text, row), row.name).not.toBe(text)
    }
  })

  test('vitest: a file that does not load is a failure', () => {
    const report = {
      testResults: [
        {
          name: '/r/a.test.ts',
          status: 'passed',
          message: '',
          assertionResults: [{ fullName: 'a', status: 'passed' }],
        },
        { name: '/r/b.test.ts', status: 'failed', message: 'cannot import\nstack', assertionResults: [] },
        {
          name: '/r/c.test.ts',
          status: 'passed',
          message: '',
          assertionResults: [{ fullName: 'c', status: 'skipped' }],
        },
      ],
    }
    expect(readVitest(report, '/r')).toEqual({
      passed: 1,
      failed: ['b.test.ts: cannot import'],
      skipped: ['c.test.ts: c'],
    })
    expect(readVitest({ testResults: [] }, '/r').failed).toHaveLength(1)
  })

  test('counts are read from lines of their own', () => {
    const counts = readCounts(
      'noise P14: 99 histories\nP14: 49 histories\n  P14: 50 histories, 30 reorgs\nP8: 1,025 EIP-712 vectors in TypeScript\n',
    )
    expect(Object.fromEntries(counts)).toEqual({ 'P14 histories': 50, 'P8 EIP-712 vectors in TypeScript': 1_025 })
  })

  const reached = promises.map(({ id, what, least }) => `${id}: ${least} ${what}`).join('\n')
  const summaryOf = (part: object, options = {}) => {
    const lines: string[] = []
    const parts = [{ passed: 2, failed: [], skipped: [], output: reached, ...part }]
    const counts = summarize(
      [{ name: 'unit', seconds: 1, parts }],
      { ci: false, whole: true, seconds: 61, ...options },
      (line: string) => lines.push(line),
    )
    return { counts, last: lines.at(-1), text: lines.join('\n') }
  }

  test('its last line has the three totals', () => {
    expect(summaryOf({}).last).toBe('2 passed, 0 failed, 0 skipped')
    expect(summaryOf({ failed: ['x'], skipped: ['y'] }).last).toBe('2 passed, 1 failed, 1 skipped')
    expect(summaryOf({ failed: ['x'], skipped: ['y'] }).text).toMatch(/Failed:\n {2}x/)
  })

  test('in CI a skip is a failure', () => {
    expect(summaryOf({ skipped: ['y'] }, { ci: true }).last).toBe('2 passed, 1 failed, 1 skipped')
  })

  test.each(promises)('$id with too few $what is a failure, and with none', ({ id, what, least }) => {
    const fewer = reached.replace(`${id}: ${least} ${what}`, `${id}: ${least - 1} ${what}`)
    expect(summaryOf({ output: fewer }).counts.failed).toBe(1)
    expect(summaryOf({ output: '' }).counts.failed).toBe(promises.length)
    expect(unreached(new Map()).failed).toContain(`${id}: 0 ${what} of ${least}`)
  })

  test('a promise whose file skipped tests is skipped with them, and a failure in CI', () => {
    const needy = promises.filter(({ file }) => file === 'e2e/payments/fleet.test.ts')
    const output = reached.replace(/^P9: .*(vouchers|session calls)$/gm, '')
    const skipped = ['e2e/payments/fleet.test.ts: four gateways', 'e2e/payments/crash.test.ts: killed inside']
    const { counts, text } = summaryOf({ output, skipped })
    expect(counts).toEqual({ passed: 2, failed: 0, skipped: skipped.length + needy.length })
    for (const { id, what, least } of needy) expect(text).toContain(`  ${id}: 0 ${what} of ${least}`)
    expect(text).toMatch(/^- P9 +0 vouchers$/m)
    expect(summaryOf({ output, skipped }, { ci: true }).counts.failed).toBe(skipped.length + needy.length)
    expect(summaryOf({ output, skipped: skipped.slice(1) }).counts.failed).toBe(needy.length)
  })

  test('every file that shows a promise is there', () => {
    for (const { file } of promises) if (file !== undefined) expect(existsSync(join(root, file)), file).toBe(true)
  })
})

describe('proofs', () => {
  test('a model must be proved whole, a wrong one refuted', () => {
    expect(judgeModel({ proved: 3, refuted: [], open: [] })).toEqual([])
    expect(judgeModel({ proved: 0, refuted: [], open: [] })).toEqual(['nothing was proved'])
    expect(judgeModel({ proved: 3, refuted: ['line 1: a'], open: ['line 2: b'] })).toEqual([
      'broken at line 1: a',
      'not decided at line 2: b',
    ])
    expect(judgeWrongVariant({ refuted: ['line 1: a'] })).toEqual([])
    expect(judgeWrongVariant({ refuted: [] })).toHaveLength(1)
  })

  test('every model has wrong variants, each of which changes it in one place', () => {
    const models = readModels()
    const variants = readWrongVariants()
    expect(
      [...models.keys()].filter((name) => !variants.some(({ proof }: { proof: string }) => proof === name)),
    ).toEqual([])
    for (const row of variants) expect(models.get(row.proof)?.split(row.find), row.name).toHaveLength(2)
  })

  test('are counted by what is printed, also when there is no solver', () => {
    const output =
      '✓ proved 16 A  1.0 s\n✓ refuted   A, wrong: b  2.0 s\n✗ failed    C  3.0 s\n    not decided at line 1'
    expect(readProofs(output)).toEqual({ passed: 2, failed: ['proof: C'], skipped: [] })
    const skipped = '- skipped   proofs: z3 is not installed (Debian and Ubuntu: apt-get install z3)'
    expect(readProofs(skipped)).toMatchObject({ passed: 0, failed: [], skipped: [expect.stringMatching(/z3/)] })
  })
})
