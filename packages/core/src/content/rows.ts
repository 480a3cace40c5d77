import canonicalize from 'canonicalize'
import type { Hex } from 'viem'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { loadKeccak } from './keccak.js'
import { createMerkleFrontier, createMerkleTree, foldProof } from './merkle.js'
import { createLeafHasher, createSalts } from './rowHashes.js'

const encoder = new TextEncoder()

/**
 * The bytes of a CSV or JSONL row: RFC 8785 canonical JSON of its record. CSV values are strings.
 *
 * @throws AgoraiError `rows_invalid` for what canonical JSON cannot hold: a number that is not finite, a lone surrogate.
 */
export function canonicalRow(record: Record<string, unknown>): Uint8Array {
  let text = ''
  for (const name of Object.keys(record).sort())
    if (record[name] !== undefined) text += `${text && ','}${JSON.stringify(name)}:${canonicalText(record[name])}`
  return encodeRow(`{${text}}`)
}

/**
 * A fast `canonicalRow` for many rows with the same columns.
 *
 * @param columns Names in the order of the values that the encoder will get.
 * @throws AgoraiError `rows_invalid` when a name stands twice; the encoder throws it too when a row has another number
 * of values than there are columns.
 */
export function createRowEncoder(columns: readonly string[]): (values: readonly unknown[]) => Uint8Array {
  if (new Set(columns).size !== columns.length) throw new AgoraiError('rows_invalid', 'Two columns have the same name.')
  const order = columns
    .map((name, index) => ({ name, index }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, index }, place) => ({ index, before: encodeRow(`${place === 0 ? '' : ','}${canonicalText(name)}:`) }))
  // Rows are put together as bytes in one buffer: most values are short and plain, and strings would cost twice the time.
  let buffer = new Uint8Array(4096)
  return (values) => {
    if (values.length !== columns.length)
      throw new AgoraiError('rows_invalid', `A row has ${values.length} values for ${columns.length} columns.`)
    buffer[0] = openBrace
    let at = 1
    for (const { index, before } of order) {
      const value = values[index]
      const isPlain = typeof value === 'string' && isPlainText(value)
      const json = isPlain ? value : canonicalText(value)
      const text = isPlain || isPlainJson(json) ? json : encodeRow(json)
      // Two quotes around a plain value, and the brace that closes the row.
      const needed = at + before.length + text.length + 3
      if (needed > buffer.length) buffer = enlarged(buffer, needed)
      for (let i = 0; i < before.length; i++) buffer[at++] = before[i] ?? 0
      if (typeof text === 'string') {
        if (isPlain) buffer[at++] = quote
        for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i)
        if (isPlain) buffer[at++] = quote
      } else {
        buffer.set(text, at)
        at += text.length
      }
    }
    buffer[at++] = closeBrace
    return buffer.slice(0, at)
  }
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d

/** Whether JSON writes each character as itself, in one byte. */
function isPlainText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return false
  }
  return true
}

/** Whether JSON is one byte a character, without escapes, which are looked at more closely. */
function isPlainJson(json: string): boolean {
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code > 0x7e || code === backslash) return false
  }
  return true
}

function enlarged(buffer: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(needed * 2)
  larger.set(buffer)
  return larger
}

function canonicalText(value: unknown): string {
  // What most values are needs no care for keys and nesting.
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  let text: string | undefined
  try {
    text = canonicalize(value)
  } catch (cause) {
    throw new AgoraiError('rows_invalid', 'A row holds a value that JSON cannot hold.', { cause })
  }
  if (text === undefined) throw new AgoraiError('rows_invalid', 'A row holds a value that JSON cannot hold.')
  return text
}

/** JSON.stringify writes a lone surrogate as an escape, which stands in canonical JSON for nothing else. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]/

function encodeRow(text: string): Uint8Array {
  if (text.includes('\\u') && loneSurrogate.test(text))
    throw new AgoraiError('rows_invalid', 'A row contains a lone surrogate.')
  return encoder.encode(text)
}

/** Salted Merkle tree over the rows of a plaintext. */
export type RowTree = {
  add(row: Uint8Array): void
  /** From the next row on, salts come from this seed: that of the next partition. */
  reseed(saltSeed: Uint8Array): void
  readonly rows: number
  root(): Hex
  /** Siblings of a row, for `verifyRow`. */
  proof(index: number): Hex[]
  /** The row's own salt, which opens this row and says nothing of the others. */
  salt(index: number): Hex
}

/**
 * Starts a row tree.
 *
 *     leaf = keccak256(0x00 ‖ index as 8 bytes ‖ salt ‖ row),  salt = keccak256(saltSeed ‖ index as 8 bytes)
 *
 * Indices go on through all partitions.
 *
 * @param saltSeed 32 random bytes, of the first partition. Without it every salt is zero, for rows that both sides hold anyway.
 */
export async function createRowTree(saltSeed?: Uint8Array): Promise<RowTree> {
  const keccak = await loadKeccak()
  const salts = createSalts(keccak, saltSeed)
  const leafOf = createLeafHasher(keccak)
  const tree = createMerkleTree(keccak)
  return {
    add: (row) => tree.add(leafOf(tree.leaves, salts.next(tree.leaves), row)),
    reseed: (seed) => salts.reseed(tree.leaves, seed),
    get rows() {
      return tree.leaves
    },
    root: () => bytesToHex(tree.root()),
    proof: (index) => tree.proof(index).map((sibling) => bytesToHex(sibling)),
    salt: (index) => bytesToHex(salts.at(index)),
  }
}

/** The root of the rows alone, in memory that does not grow with them. */
export type RowRoot = Pick<RowTree, 'add' | 'reseed' | 'rows' | 'root'>

/** Starts the root of the tree that `createRowTree` builds, for who asks for no proofs. */
export async function createRowRoot(saltSeed?: Uint8Array): Promise<RowRoot> {
  const keccak = await loadKeccak()
  const salts = createSalts(keccak, saltSeed)
  const leafOf = createLeafHasher(keccak)
  const frontier = createMerkleFrontier(keccak)
  return {
    add: (row) => frontier.add(leafOf(frontier.leaves, salts.next(frontier.leaves), row)),
    reseed: (seed) => salts.reseed(frontier.leaves, seed),
    get rows() {
      return frontier.leaves
    },
    root: () => bytesToHex(frontier.root()),
  }
}

/** Whether `row` is the row number `index` of the `rows` under `root`. Malformed proofs are no error, just not true. */
export async function verifyRow(parameters: {
  root: Hex
  rows: number
  index: number
  salt: Hex
  row: Uint8Array
  proof: readonly Hex[]
}): Promise<boolean> {
  const { root, rows, index, salt, row, proof } = parameters
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(index) || index < 0 || index >= rows) return false
  if (![root, salt, ...proof].every((word) => /^0x[0-9a-fA-F]{64}$/.test(word))) return false
  const keccak = await loadKeccak()
  const leaf = createLeafHasher(keccak)(index, hexToBytes(salt), row)
  const siblings = proof.map((sibling) => hexToBytes(sibling))
  const folded = foldProof(keccak, leaf, index, rows, siblings)
  return folded !== undefined && bytesToHex(folded) === root.toLowerCase()
}
