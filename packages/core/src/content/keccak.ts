import { assembleKeccak, blockBytes, freeAt, keccakExports, stateAt } from './keccakModule.js'

/** keccak-256 of the parts, one after the other. The answer is a fresh array. */
export type Keccak = {
  (...parts: Uint8Array[]): Uint8Array
  /**
   * keccak-256 of 0x01 and two neighbours of 32 bytes each, for all of them in one call.
   *
   * @param nodes Whole pairs.
   * @param parents Takes half as many bytes.
   */
  hashPairs(nodes: Uint8Array, parents: Uint8Array): void
}

const hashBytes = 32
const pairBytes = 2 * hashBytes
/** What is copied into the module's memory at a time. */
const blocksMax = 480
const pairsMax = 1_024
const parentsAt = freeAt + pairsMax * pairBytes

let instance: Promise<Keccak> | undefined

/** Loads keccak-256 in WebAssembly once; hashing itself is synchronous, so everyone can share the one instance. */
export function loadKeccak(): Promise<Keccak> {
  instance ??= WebAssembly.instantiate(assembleKeccak()).then((loaded) => createKeccak(loaded.instance.exports))
  return instance
}

function createKeccak(exports: WebAssembly.Exports): Keccak {
  const memory = exports[keccakExports.memory] as WebAssembly.Memory
  const absorb = exports[keccakExports.absorb] as (from: number, blocks: number) => void
  const hashPairs = exports[keccakExports.hashPairs] as (from: number, to: number, pairs: number) => void
  const bytes = new Uint8Array(memory.buffer)
  const state = new BigUint64Array(memory.buffer, stateAt, 25)
  const input = bytes.subarray(freeAt, freeAt + blocksMax * blockBytes)
  /** Bytes of the input that are not absorbed yet. */
  let filled = 0

  function append(part: Uint8Array): void {
    if (filled + part.length < input.length) {
      input.set(part, filled)
      filled += part.length
      return
    }
    for (let at = 0; at < part.length; ) {
      const taken = part.subarray(at, at + input.length - filled)
      input.set(taken, filled)
      filled += taken.length
      at += taken.length
      if (filled < input.length) return
      absorb(freeAt, blocksMax)
      filled = 0
    }
  }

  function keccak(...parts: Uint8Array[]): Uint8Array {
    state.fill(0n)
    filled = 0
    for (const part of parts) append(part)
    const blocks = Math.floor(filled / blockBytes) + 1
    input.fill(0, filled, blocks * blockBytes)
    input[filled] = 1
    input[blocks * blockBytes - 1] = (input[blocks * blockBytes - 1] ?? 0) | 0x80
    absorb(freeAt, blocks)
    return bytes.slice(stateAt, stateAt + hashBytes)
  }
  return Object.assign(keccak, {
    hashPairs(nodes: Uint8Array, parents: Uint8Array) {
      for (let at = 0; at < nodes.length; at += pairsMax * pairBytes) {
        const some = nodes.subarray(at, at + pairsMax * pairBytes)
        bytes.set(some, freeAt)
        hashPairs(freeAt, parentsAt, some.length / pairBytes)
        parents.set(bytes.subarray(parentsAt, parentsAt + some.length / 2), at / 2)
      }
    },
  })
}
