import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { drawSample, leaveOutEquivalents, listMutants, scoreOf } from './mutate.mjs'
import { analyse, compileContract } from './mutation/compile.mjs'
import { applyMutant, createMutants, describeMutant } from './mutation/mutators.mjs'
import { targets } from './mutation/targets.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** With a comment of many bytes, by which places would be off if they were counted in characters. */
const example = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

library Example {
    uint256 internal constant HALF = 5_000;

    /// @dev ⌊total · bps / 10,000⌋, at most ½ of it — “rounded down”.
    function share(uint256 total, uint256 bps) internal pure returns (uint256 amount) {
        if (bps > HALF) revert();
        amount = total * bps / 10_000;
        if (amount == 0) return sum(total, bps);
    }

    function sum(uint256 left, uint256 right) internal pure returns (uint256) {
        return left + right;
    }
}
`

describe('mutants', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agorai-mutation-test-'))
  writeFileSync(join(folder, 'Example.sol'), example)
  afterAll(() => rmSync(folder, { recursive: true }))
  const source = Buffer.from(example)
  const mutants = createMutants(source, analyse(folder, ['Example.sol']).get('Example.sol'))

  test('are made of operators, roundings, constants, conditions, results and arguments, where they stand', () => {
    const made = mutants.map((mutant) => ({ operator: mutant.operator, ...describeMutant(source, mutant) }))
    expect(made.map(({ line, operator, after }) => `${line} ${operator}: ${after}`).sort()).toEqual(
      [
        '5 constant: uint256 internal constant HALF = 5001;',
        '9 condition: if (true) revert();',
        '9 condition: if (false) revert();',
        '9 operator: if (bps >= HALF) revert();',
        '9 operator: if (bps <= HALF) revert();',
        '10 statement: {}',
        '10 operator: amount = total / bps / 10_000;',
        '10 operator: amount = total * bps * 10_000;',
        '10 rounding: amount = ((total * bps + 10_000 - 1) / 10_000);',
        '10 constant: amount = total * bps / 10001;',
        '11 condition: if (true) return sum(total, bps);',
        '11 condition: if (false) return sum(total, bps);',
        '11 operator: if (amount != 0) return sum(total, bps);',
        '11 constant: if (amount == 1) return sum(total, bps);',
        '11 arguments: if (amount == 0) return sum(bps, total);',
        '11 result: if (amount == 0) return 0;',
        '15 operator: return left - right;',
        '15 result: return 0;',
      ].sort(),
    )
  })

  test('leave nothing outside what they change, whatever bytes the comments have', () => {
    const text = source.toString()
    for (const mutant of mutants) {
      const changed = applyMutant(source, mutant)
      expect(changed.toString()).not.toBe(text)
      expect(changed.subarray(0, mutant.start)).toEqual(source.subarray(0, mutant.start))
      expect(changed.length - source.length).toBe(Buffer.byteLength(mutant.replacement) - (mutant.end - mutant.start))
    }
  })

  test('cover every source of the money path, and each once', () => {
    const listed = targets.flatMap(({ files }) => files)
    const sources = ['revenue', 'market', 'libraries', 'assets'].flatMap((folder) =>
      readdirSync(`${root}contracts/src/${folder}`)
        .filter((file) => !/^I[A-Z]/.test(file))
        .map((file) => `contracts/src/${folder}/${file}`),
    )
    expect([...listed].sort()).toEqual(sources.sort())
  })

  test('have names of their own, and a sample is the beginning of a larger one of its seed', () => {
    const all = listMutants()
    expect(all.length).toBeGreaterThan(1_000)
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
    const sample = drawSample(all, 50, '1')
    expect(drawSample(all, 20, '1')).toEqual(sample.slice(0, 20))
    expect(drawSample(all, 20, '2')).not.toEqual(sample.slice(0, 20))
  }, 120_000)
})

test('a contract that is broken does not compile, one that is changed is another', () => {
  const path = 'contracts/src/deployment/Deployer.sol'
  const text = readFileSync(`${root}${path}`, 'utf8')
  const whole = compileContract(root, path, 'Deployer')
  const changed = compileContract(root, path, 'Deployer', { [path]: text.replace('count++', '++count') })
  expect(whole?.bytecode.object).toMatch(/^0x[0-9a-f]{100,}$/)
  expect(changed?.bytecode.object).not.toBe(whole?.bytecode.object)
  expect(compileContract(root, path, 'Deployer', { [path]: text.replace('count++', 'counts++') })).toBeUndefined()
}, 120_000)

describe('the score', () => {
  test('is of those that were born', () => {
    const results = ['killed', 'killed', 'killed', 'survived', 'stillborn'].map((outcome) => ({ outcome }))
    expect(scoreOf(results)).toBe(75)
    expect(scoreOf([])).toBe(0)
  })

  test('leaves out what is listed with a reason, and finds a row that names nothing', () => {
    const mutant = { file: 'a.sol', before: 'x < y', after: 'x <= y' }
    const row = { ...mutant, why: 'They are never equal.' }
    const gone = { ...row, after: 'x > y' }
    expect(leaveOutEquivalents([mutant, { ...mutant, after: 'x >= y' }], [row, gone])).toEqual({
      judged: [{ ...mutant, after: 'x >= y' }],
      equivalent: [mutant],
      stale: [gone],
    })
  })

  test('every reason says something', () => {
    for (const { why } of JSON.parse(readFileSync(`${root}scripts/mutation/equivalent.json`, 'utf8')))
      expect(why.length).toBeGreaterThan(20)
  })
})
