import { AgoraiError } from '../errors/AgoraiError.js'
import type { Keccak } from './keccak.js'

/** The salts of all rows: those of each partition come from a seed of its own. */
export function createSalts(keccak: Keccak, first: Uint8Array | undefined) {
  const salterOf = (seed: Uint8Array | undefined): ((index: number) => Uint8Array) => {
    if (seed === undefined) return () => new Uint8Array(32)
    if (seed.length !== 32) throw new AgoraiError('invalid_request', 'A salt seed has 32 bytes.', { field: 'saltSeed' })
    return createSalter(keccak, seed)
  }
  let next = salterOf(first)
  const partitions = [{ from: 0, saltAt: next }]
  return {
    next: (index: number) => next(index),
    at: (index: number) => (partitions.findLast(({ from }) => from <= index)?.saltAt ?? next)(index),
    reseed(from: number, seed: Uint8Array) {
      next = salterOf(seed)
      partitions.push({ from, saltAt: next })
    },
  }
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
export function createLeafHasher(keccak: Keccak): (index: number, salt: Uint8Array, row: Uint8Array) => Uint8Array {
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
