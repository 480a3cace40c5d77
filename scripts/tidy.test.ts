import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readRepository } from './tidy/files.js'
import { importRules } from './tidy/imports.js'
import { styleRules } from './tidy/style.js'
import { supplyRules } from './tidy/supply.js'
import { surfaceRules } from './tidy/surface.js'

const files = readRepository(fileURLToPath(new URL('..', import.meta.url)))
const rules = [...importRules, ...styleRules, ...surfaceRules, ...supplyRules]

describe('the house', () => {
  test('it was read', () => {
    const known = ['package.json', 'ARCHITECTURE.md', '.npmrc', 'bench/data/index.mjs']
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(known))
    expect(files.length).toBeGreaterThan(50)
  })

  test.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_, { find }) => {
    expect(find(files)).toEqual([])
  })
})

/** A rule that finds nothing in a breach made for it would find nothing anywhere. */
describe('each rule can fail', () => {
  const breaches = rules.flatMap(({ name, find, bad }) =>
    Object.entries(bad).map(([breach, example]) => [`${name}: ${breach}`, find, example] as const),
  )
  test.each(breaches)('%s', (_, find, example) => {
    expect(find(example)).not.toEqual([])
  })
})
