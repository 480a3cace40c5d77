import { nativeCrypto } from './nativeCrypto.js'

/** sha-256 of one block at a time, of whatever length. */
export type BlockHash = {
  /** The part is read before the call returns. */
  update(part: Uint8Array): void
  /** Ends the block; the next `update` begins another. */
  digest(): Promise<Uint8Array>
}

/** @param bytesMax Longest block. */
export function createBlockHash(bytesMax: number): BlockHash {
  return nativeCrypto === undefined ? hashGathered(bytesMax) : hashNatively(nativeCrypto)
}

/** sha-256 of a block. */
export const hashBlock = async (block: Uint8Array): Promise<Uint8Array> =>
  nativeCrypto === undefined
    ? new Uint8Array(await crypto.subtle.digest('SHA-256', block as Uint8Array<ArrayBuffer>))
    : new Uint8Array(nativeCrypto.createHash('sha256').update(block).digest())

function hashNatively({ createHash }: NonNullable<typeof nativeCrypto>): BlockHash {
  let hash = createHash('sha256')
  return {
    update(part) {
      hash.update(part)
    },
    async digest() {
      const digest = new Uint8Array(hash.digest())
      hash = createHash('sha256')
      return digest
    },
  }
}

/** The engine of a browser takes a block only whole. */
function hashGathered(bytesMax: number): BlockHash {
  const block = new Uint8Array(bytesMax)
  let filled = 0
  return {
    update(part) {
      block.set(part, filled)
      filled += part.length
    },
    digest() {
      // The engine copies what it is given before it returns.
      const digest = crypto.subtle.digest('SHA-256', block.subarray(0, filled))
      filled = 0
      return digest.then((bytes) => new Uint8Array(bytes))
    },
  }
}
