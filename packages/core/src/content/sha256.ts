import { createSHA256 } from 'hash-wasm'
import type { Hex } from 'viem'
import { nativeCrypto } from './nativeCrypto.js'

/** sha-256 of what is put in piece by piece. */
export type Sha256 = { update(bytes: Uint8Array): void; digest(): Hex }

/** Loads sha-256, Node's own or in WebAssembly; each call is a hash of its own, which `digest` ends and starts afresh. */
export async function createSha256(): Promise<Sha256> {
  if (nativeCrypto !== undefined) return hashNatively(nativeCrypto)
  const hasher = await createSHA256()
  hasher.init()
  return {
    update: (bytes) => {
      hasher.update(bytes)
    },
    digest() {
      const digest: Hex = `0x${hasher.digest('hex')}`
      hasher.init()
      return digest
    },
  }
}

function hashNatively({ createHash }: NonNullable<typeof nativeCrypto>): Sha256 {
  let hash = createHash('sha256')
  return {
    update: (bytes) => {
      hash.update(bytes)
    },
    digest() {
      const digest: Hex = `0x${hash.digest('hex')}`
      hash = createHash('sha256')
      return digest
    },
  }
}
