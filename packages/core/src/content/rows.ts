import canonicalize from 'canonicalize'
import type { Hex } from 'viem'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { type Keccak, loadKeccak } from './keccak.js'
import { createMerkleFrontier, createMerkleTree, foldProof } from './merkle.js'

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
      const text = isPlain ? value : encodeRow(canonicalText(value))
      // Two quotes around a plain value, and the brace that closes the row.
      const needed = at + before.length + text.length + 3
      if (needed > buffer.length) buffer = enlarged(buffer, needed)
      for (let i = 0; i < before.length; i++) buffer[at++] = before[i] ?? 0
      if (typeof text === 'string') {
        buffer[at++] = quote
        for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i)
        buffer[at++] = quote
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

function enlarged(buffer: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(needed * 2)
  larger.set(buffer)
  return larger
}

function canonicalText(value: unknown): string {
  // What most values are needs no care for keys and nesting.
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value)
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
 * @param saltSeed 32 random bytes. Without it every salt is zero, for rows that both sides hold anyway.
 */
export async function createRowTree(saltSeed?: Uint8Array): Promise<RowTree> {
  const { keccak, saltAt, leafOf } = await loadRowHashes(saltSeed)
  const tree = createMerkleTree(keccak)
  return {
    add: (row) => tree.add(leafOf(tree.leaves, saltAt(tree.leaves), row)),
    get rows() {
      return tree.leaves
    },
    root: () => bytesToHex(tree.root()),
    proof: (index) => tree.proof(index).map((sibling) => bytesToHex(sibling)),
    salt: (index) => bytesToHex(saltAt(index)),
  }
}

/** The root of the rows alone, in memory that does not grow with them. */
export type RowRoot = Pick<RowTree, 'add' | 'rows' | 'root'>

/** Starts the root of the tree that `createRowTree` builds, for who asks for no proofs. */
export async function createRowRoot(saltSeed?: Uint8Array): Promise<RowRoot> {
  const { keccak, saltAt, leafOf } = await loadRowHashes(saltSeed)
  const frontier = createMerkleFrontier(keccak)
  return {
    add: (row) => frontier.add(leafOf(frontier.leaves, saltAt(frontier.leaves), row)),
    get rows() {
      return frontier.leaves
    },
    root: () => bytesToHex(frontier.root()),
  }
}

async function loadRowHashes(saltSeed: Uint8Array | undefined) {
  if (saltSeed !== undefined && saltSeed.length !== 32)
    throw new AgoraiError('invalid_request', 'A salt seed has 32 bytes.', { field: 'saltSeed' })
  const keccak = await loadKeccak()
  const saltAt = saltSeed === undefined ? () => new Uint8Array(32) : createSalter(keccak, saltSeed)
  return { keccak, saltAt, leafOf: createLeafHasher(keccak) }
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

/** salt = keccak256(saltSeed ‖ index as 8 bytes) */
function createSalter(keccak: Keccak, saltSeed: Uint8Array): (index: number) => Uint8Array {
  const preimage = new Uint8Array(40)
  preimage.set(saltSeed)
  return (index) => {
    writeUint64(preimage, 32, index)
    return keccak(preimage)
  }
}

/** leaf = keccak256(0x00 ‖ index as 8 bytes ‖ salt ‖ row) */
function createLeafHasher(keccak: Keccak): (index: number, salt: Uint8Array, row: Uint8Array) => Uint8Array {
  const head = new Uint8Array(41)
  return (index, salt, row) => {
    writeUint64(head, 1, index)
    head.set(salt, 9)
    return keccak(head, row)
  }
}

function writeUint64(bytes: Uint8Array, offset: number, value: number): void {
  for (let at = offset + 7, rest = value; at >= offset; at--, rest = Math.floor(rest / 256)) bytes[at] = rest & 0xff
}
