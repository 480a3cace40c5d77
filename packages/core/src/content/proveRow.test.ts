import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRowCover, createRowProver } from './proveRow.js'
import { createRowTree, verifyRow } from './rows.js'

const seedOf = (byte: number) => new Uint8Array(32).fill(byte)
const rowOf = (index: number) => new TextEncoder().encode(`{"row":${index}}`)

/** Lengths of the partitions, and the number of one row in them. */
const parted = fc
  .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })
  .chain((lengths) => fc.tuple(fc.constant(lengths), fc.nat(lengths.reduce((sum, length) => sum + length, 0) - 1)))

async function treeOf(lengths: readonly number[]) {
  const tree = await createRowTree(seedOf(1))
  for (const [partition, length] of lengths.entries()) {
    if (partition > 0) tree.reseed(seedOf(partition + 1))
    for (let made = 0; made < length; made++) tree.add(rowOf(tree.rows))
  }
  return tree
}

describe('a row that is proven while all rows pass by', () => {
  test('has the salt and the proof of the whole tree', async () => {
    await fc.assert(
      fc.asyncProperty(parted, async ([lengths, index]) => {
        const tree = await treeOf(lengths)
        const prover = await createRowProver(index, seedOf(1))
        for (const [partition, length] of lengths.entries()) {
          if (partition > 0) prover.reseed(seedOf(partition + 1))
          for (let made = 0; made < length; made++) prover.add(rowOf(prover.rows))
        }
        expect(prover.rows).toBe(tree.rows)
        expect(prover.result()).toEqual({ salt: tree.salt(index), proof: tree.proof(index) })
      }),
      { numRuns: 200 },
    )
  })

  test('is proven still when every other partition is known by its cover only', async () => {
    await fc.assert(
      fc.asyncProperty(parted, async ([lengths, index]) => {
        const tree = await treeOf(lengths)
        const prover = await createRowProver(index, seedOf(1))
        for (const [partition, length] of lengths.entries()) {
          const from = prover.rows
          if (partition > 0) prover.reseed(seedOf(partition + 1))
          if (index >= from && index < from + length) {
            for (let made = 0; made < length; made++) prover.add(rowOf(from + made))
            continue
          }
          const covering = await createRowCover(from, seedOf(partition + 1))
          for (let made = 0; made < length; made++) covering.add(rowOf(from + made))
          const cover = covering.cover()
          expect(cover.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(length + 1)))
          prover.addCover(cover)
        }
        const { salt, proof } = prover.result()
        const stated = { root: tree.root(), rows: tree.rows, index, salt, row: rowOf(index), proof }
        expect(await verifyRow(stated)).toBe(true)
        expect(await verifyRow({ ...stated, row: rowOf(index + 1) })).toBe(false)
      }),
      { numRuns: 200 },
    )
  })

  test('cannot be one that is covered, nor one that is not there', async () => {
    const covering = await createRowCover(0, seedOf(1))
    for (let row = 0; row < 4; row++) covering.add(rowOf(row))
    const covered = await createRowProver(2, seedOf(1))
    expect(() => covered.addCover(covering.cover())).toThrow(RangeError)
    const missing = await createRowProver(9, seedOf(1))
    missing.addCover(covering.cover())
    expect(() => missing.result()).toThrow(RangeError)
  })
})
