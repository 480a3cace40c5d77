import { randomBytes } from 'node:crypto'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { bytesToHex, concatHex, keccak256, numberToHex, toHex } from 'viem/utils'
import { describe, expect, test } from 'vitest'
import { canonicalRow, createRowEncoder, createRowRoot, createRowTree, verifyRow } from './rows.js'

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

describe('row bytes', () => {
  test('are RFC 8785 canonical JSON', () => {
    expect(decode(canonicalRow({ b: '1', a: 'é"\\\n', '1': 'x', '': null }))).toBe(
      '{"":null,"1":"x","a":"é\\"\\\\\\n","b":"1"}',
    )
    expect(decode(canonicalRow({ n: [1e21, 0.1, -0, 1e-7, 1e300], z: { y: true, x: {} } }))).toBe(
      '{"n":[1e+21,0.1,0,1e-7,1e+300],"z":{"x":{},"y":true}}',
    )
    expect(decode(canonicalRow({}))).toBe('{}')
  })

  test('sort names by UTF-16 code units, as RFC 8785 §3.2.3 shows', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const row = decode(canonicalRow(Object.fromEntries(names.map((name) => [name, 0]))))
    expect(Object.keys(JSON.parse(row) as object)).toEqual([
      '1',
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\ud83d\ude00',
      '\ufb33',
    ])
  })

  test('a fast encoder gives the same bytes for every record', () => {
    const record = fc.uniqueArray(
      fc.tuple(fc.string({ unit: 'binary' }), fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue())),
      {
        selector: ([name]) => name,
        maxLength: 20,
      },
    )
    fc.assert(
      fc.property(record, (entries) => {
        const encode = createRowEncoder(entries.map(([name]) => name))
        const fast = encode(entries.map(([, value]) => value))
        expect(decode(fast)).toBe(decode(canonicalRow(Object.fromEntries(entries))))
        expect(decode(fast)).toBe(canonicalize(Object.fromEntries(entries)))
      }),
      { numRuns: 2_000 },
    )
  })

  test('keep a column called __proto__', () => {
    expect(decode(createRowEncoder(['__proto__', 'a'])(['1', '2']))).toBe('{"__proto__":"1","a":"2"}')
  })

  test.each([
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate after a backslash', '\\\udfff'],
    ['not a number', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 1n],
    ['a function', () => 1],
  ])('refuse %s', (_, value) => {
    const refused = expect.objectContaining({ code: 'rows_invalid' })
    expect(() => createRowEncoder(['a'])([value])).toThrow(refused)
    expect(() => canonicalRow({ a: value })).toThrow(refused)
    if (typeof value === 'string') expect(() => canonicalRow({ [value]: 1 })).toThrow(refused)
  })

  test('a backslash before text that looks like a surrogate escape is no surrogate', () => {
    expect(decode(canonicalRow({ a: '\\ud800', b: '\\\\udfff' }))).toBe('{"a":"\\\\ud800","b":"\\\\\\\\udfff"}')
  })

  test('refuse a column twice and a row of another length', () => {
    expect(() => createRowEncoder(['a', 'b', 'a'])).toThrow(expect.objectContaining({ code: 'rows_invalid' }))
    expect(() => createRowEncoder(['a', 'b'])(['1'])).toThrow(expect.objectContaining({ code: 'rows_invalid' }))
    expect(() => createRowEncoder(['a', 'b'])(['1', '2', '3'])).toThrow(
      expect.objectContaining({ code: 'rows_invalid' }),
    )
  })
})

/** The tree as it is described, by recursion: the left part is the largest power of two below the number of leaves. */
function expectedRoot(leaves: readonly Hex[]): Hex {
  const [only] = leaves
  if (only === undefined) return keccak256('0x00')
  if (leaves.length === 1) return only
  const left = 2 ** Math.ceil(Math.log2(leaves.length) - 1)
  return keccak256(concatHex(['0x01', expectedRoot(leaves.slice(0, left)), expectedRoot(leaves.slice(left))]))
}

describe('the row tree', () => {
  const rowsOf = (count: number) =>
    Array.from({ length: count }, (_, i) => new TextEncoder().encode(`{"label":"${i % 3}"}`))

  test('has the root that is described, salted and not, at every size to 70', async () => {
    for (const seed of [undefined, randomBytes(32)])
      for (let count = 0; count <= 70; count++) {
        const tree = await createRowTree(seed)
        const rows = rowsOf(count)
        for (const row of rows) tree.add(row)
        const leaves = rows.map((row, index) => {
          const place = numberToHex(index, { size: 8 })
          const salt = seed ? keccak256(concatHex([bytesToHex(seed), place])) : numberToHex(0, { size: 32 })
          expect(tree.salt(index)).toBe(salt)
          return keccak256(concatHex(['0x00', place, salt, toHex(row)]))
        })
        expect(tree.rows).toBe(count)
        expect(tree.root()).toBe(expectedRoot(leaves))
      }
  })

  test('proves every row and nothing else, at every size to 33', async () => {
    for (let count = 1; count <= 33; count++) {
      const tree = await createRowTree(randomBytes(32))
      const rows = rowsOf(count)
      for (const row of rows) tree.add(row)
      for (const [index, row] of rows.entries()) {
        const proven = { root: tree.root(), rows: count, index, salt: tree.salt(index), row, proof: tree.proof(index) }
        expect(await verifyRow(proven)).toBe(true)
        const other = `0x${'ab'.repeat(32)}` as const
        const wrong: Partial<typeof proven>[] = [
          { row: new Uint8Array([...row, 0]) },
          { salt: other },
          { root: other },
          { index: index + 1 },
          { index: -1 },
          { index: index + 0.5 },
          { rows: index },
          { proof: [...proven.proof, other] },
          { proof: proven.proof.slice(1), rows: count === 1 ? 2 : count },
          ...proven.proof.map((_, step) => ({ proof: proven.proof.map((word, i) => (i === step ? other : word)) })),
          ...(proven.proof.length > 1 && proven.proof[0] !== proven.proof[1]
            ? [{ proof: proven.proof.toReversed() }]
            : []),
          { proof: ['0x12'] },
          { salt: 'salt' as Hex },
        ]
        for (const change of wrong) expect(await verifyRow({ ...proven, ...change })).toBe(false)
      }
    }
  })

  test('has the same root without its proofs, after every row', async () => {
    const row = fc.uint8Array({ maxLength: 40 })
    const seed = fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined })
    await fc.assert(
      fc.asyncProperty(seed, fc.array(row, { maxLength: 300 }), async (saltSeed, rows) => {
        const [tree, root] = await Promise.all([createRowTree(saltSeed), createRowRoot(saltSeed)])
        expect(root.root()).toBe(tree.root())
        for (const each of rows) {
          for (const grown of [tree, root]) grown.add(each)
          expect([root.rows, root.root()]).toEqual([tree.rows, tree.root()])
        }
      }),
      { numRuns: 20 },
    )
    await expect(createRowRoot(new Uint8Array(31))).rejects.toMatchObject({ field: 'saltSeed' })
  })

  test('grows after its root was asked for', async () => {
    const tree = await createRowTree()
    const [first, second] = rowsOf(2)
    if (first === undefined || second === undefined) throw new Error('two rows')
    tree.add(first)
    const one = tree.root()
    tree.add(second)
    expect(tree.root()).not.toBe(one)
    expect(
      await verifyRow({ root: tree.root(), rows: 2, index: 0, salt: tree.salt(0), row: first, proof: tree.proof(0) }),
    ).toBe(true)
  })

  test('trees that grow side by side do not disturb one another', async () => {
    const seeds = [randomBytes(32), randomBytes(32)]
    const rows = rowsOf(1_500)
    const together = await Promise.all(seeds.map((seed) => createRowTree(seed)))
    for (const row of rows) for (const tree of together) tree.add(row)
    for (const [i, seed] of seeds.entries()) {
      const alone = await createRowTree(seed)
      for (const row of rows) alone.add(row)
      expect(together[i]?.root()).toBe(alone.root())
    }
  })

  test('one chunk of 1 MiB and one byte more are rows like any other', async () => {
    const tree = await createRowTree(randomBytes(32))
    const chunk = randomBytes(1_048_576)
    tree.add(chunk)
    tree.add(chunk.subarray(0, 1))
    expect(
      await verifyRow({ root: tree.root(), rows: 2, index: 0, salt: tree.salt(0), row: chunk, proof: tree.proof(0) }),
    ).toBe(true)
    const flipped = Buffer.from(chunk)
    flipped[700_000] = (flipped[700_000] ?? 0) ^ 1
    expect(
      await verifyRow({ root: tree.root(), rows: 2, index: 0, salt: tree.salt(0), row: flipped, proof: tree.proof(0) }),
    ).toBe(false)
  })

  test('refuses a seed of another length and a leaf that is not there', async () => {
    await expect(createRowTree(new Uint8Array(31))).rejects.toMatchObject({ field: 'saltSeed' })
    const tree = await createRowTree()
    for (const index of [0, -1, 0.5]) expect(() => tree.proof(index)).toThrow(RangeError)
  })
})

test('a tree of two partitions takes the salt of each row from the seed of its partition, under indices that go on', async () => {
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const rows = Array.from({ length: 9 }, (_, index) => canonicalRow({ index }))
  const [tree, root, plain] = await Promise.all([createRowTree(first), createRowRoot(first), createRowTree(second)])
  for (const [index, row] of rows.entries()) {
    if (index === 4) for (const each of [tree, root]) each.reseed(second)
    for (const each of [tree, root, plain]) each.add(row)
  }
  expect(root.root()).toBe(tree.root())
  expect(tree.salt(4)).toBe(plain.salt(4))
  expect(tree.salt(3)).toBe((await createRowTree(first)).salt(3))
  for (const [index, row] of rows.entries()) {
    const proof = { root: tree.root(), rows: 9, index, salt: tree.salt(index), row, proof: tree.proof(index) }
    expect(await verifyRow(proof)).toBe(true)
    expect(await verifyRow({ ...proof, salt: plain.salt(index) })).toBe(index >= 4)
  }
  expect(() => tree.reseed(new Uint8Array(31))).toThrow(expect.objectContaining({ field: 'saltSeed' }))
})
