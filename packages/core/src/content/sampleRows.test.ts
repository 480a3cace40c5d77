import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRowTree, verifyRow } from './rows.js'
import { createRowSampler } from './sampleRows.js'

const seed = new Uint8Array(32).fill(7)
const otherSeed = new Uint8Array(32).fill(8)
const rowOf = (index: number) => new TextEncoder().encode(`{"n":${index}}`)

describe('rows that are kept while all pass by', () => {
  test('have the root, the salts and the proofs of the whole tree, whatever is kept and wherever a partition begins', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 140 }),
        fc.array(fc.nat(150), { maxLength: 12 }),
        fc.nat(150),
        async (rows, wanted, second) => {
          const tree = await createRowTree(seed)
          const sampler = await createRowSampler(wanted, seed)
          for (let index = 0; index < rows; index++) {
            if (index === second) for (const each of [tree, sampler]) each.reseed(otherSeed)
            for (const each of [tree, sampler]) each.add(rowOf(index))
          }
          expect([sampler.rows, sampler.root()]).toEqual([rows, tree.root()])
          const expected = [...new Set(wanted)].filter((index) => index < rows).sort((a, b) => a - b)
          expect(sampler.sample()).toEqual(
            expected.map((index) => ({
              index,
              row: `{"n":${index}}`,
              salt: tree.salt(index),
              proof: tree.proof(index),
            })),
          )
        },
      ),
      { numRuns: 200 },
    )
  })

  test('are proven to anyone, and nothing else is', async () => {
    const sampler = await createRowSampler([3, 9], seed)
    for (let index = 0; index < 11; index++) sampler.add(rowOf(index))
    const root = sampler.root()
    const sample = sampler.sample()
    expect(sample.map(({ index }) => index)).toEqual([3, 9])
    for (const { row, ...place } of sample) {
      const stated = { root, rows: 11, ...place }
      expect(await verifyRow({ ...stated, row: new TextEncoder().encode(row) })).toBe(true)
      expect(await verifyRow({ ...stated, row: new TextEncoder().encode(`${row} `) })).toBe(false)
      expect(await verifyRow({ ...stated, index: place.index + 1, row: new TextEncoder().encode(row) })).toBe(false)
    }
  })
})
