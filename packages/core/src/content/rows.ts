import canonicalize from 'canonicalize'
import type { Hex } from 'viem'
import { bytesToHex, hexToBytes } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { type Keccak, loadKeccak } from './keccak.js'
import { createMerkleTree, foldProof } from './merkle.js'

const encoder = new TextEncoder()

/**
 * The bytes of a CSV or JSONL row: RFC 8785 canonical JSON of its record. CSV values are strings.
 *
 * @throws AgoraiError `rows_invalid` for what canonical JSON cannot hold: a number that is not finite, a lone surrogate.
 */
export function canonicalRow(record: Record<string, unknown>): Uint8Array {
  return encodeRow(canonicalText(record))
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
    .map(({ name, index }, place) => ({ index, before: `${place === 0 ? '{' : ','}${JSON.stringify(name)}:` }))
  return (values) => {
    if (values.length !== columns.length)
      throw new AgoraiError('rows_invalid', `A row has ${values.length} values for ${columns.length} columns.`)
    let text = columns.length === 0 ? '{' : ''
    for (const { index, before } of order) {
      const value = values[index]
      text += before + (typeof value === 'string' ? JSON.stringify(value) : canonicalText(value))
    }
    return encodeRow(`${text}}`)
  }
}

function canonicalText(value: unknown): string {
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
  if (saltSeed !== undefined && saltSeed.length !== 32)
    throw new AgoraiError('invalid_request', 'A salt seed has 32 bytes.', { field: 'saltSeed' })
  const keccak = await loadKeccak()
  const tree = createMerkleTree(keccak)
  const saltAt = (index: number): Uint8Array =>
    saltSeed === undefined ? new Uint8Array(32) : keccak(saltSeed, uint64(index))
  return {
    add: (row) => tree.add(leafOf(keccak, tree.leaves, saltAt(tree.leaves), row)),
    get rows() {
      return tree.leaves
    },
    root: () => bytesToHex(tree.root()),
    proof: (index) => tree.proof(index).map((sibling) => bytesToHex(sibling)),
    salt: (index) => bytesToHex(saltAt(index)),
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
  const leaf = leafOf(keccak, index, hexToBytes(salt), row)
  const siblings = proof.map((sibling) => hexToBytes(sibling))
  const folded = foldProof(keccak, leaf, index, rows, siblings)
  return folded !== undefined && bytesToHex(folded) === root.toLowerCase()
}

const leafPrefix = Uint8Array.of(0)

const leafOf = (keccak: Keccak, index: number, salt: Uint8Array, row: Uint8Array): Uint8Array =>
  keccak(leafPrefix, uint64(index), salt, row)

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
