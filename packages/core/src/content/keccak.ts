import { createKeccak } from 'hash-wasm'

/** keccak-256 of the parts, one after the other. The answer is a fresh array. */
export type Keccak = (...parts: Uint8Array[]) => Uint8Array

let instance: Promise<Keccak> | undefined

/** Loads keccak-256 in WebAssembly once; hashing itself is synchronous, so everyone can share the one instance. */
export function loadKeccak(): Promise<Keccak> {
  instance ??= createKeccak(256).then((hasher) => (...parts) => {
    hasher.init()
    for (const part of parts) hasher.update(part)
    return hasher.digest('binary')
  })
  return instance
}
