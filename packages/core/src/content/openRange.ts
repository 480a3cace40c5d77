import type { Hex } from 'viem'
import { AgoraiError } from '../errors/AgoraiError.js'
import { chunkBytes, openChunk, openContent, sealedBytes } from './chunks.js'
import type { RandomAccess } from './randomAccess.js'

const sealedChunkBytes = sealedBytes(chunkBytes)

/**
 * Any part of a sealed content of one partition, decrypted: exactly the chunks that the part lies in are read, each
 * authenticated before anything of it is given out. The chunk read last is kept, for parts that follow one another.
 *
 * @param parameters.bytes Length of the plaintext.
 * @param parameters.ciphertext The sealed content.
 * @throws AgoraiError `length_mismatch`; reading throws `integrity_failed` with the chunk
 */
export function openRange(parameters: {
  key: CryptoKey
  contentId: Hex
  bytes: number
  ciphertext: RandomAccess
}): RandomAccess {
  const { key, contentId, bytes, ciphertext } = parameters
  if (ciphertext.bytes !== sealedBytes(bytes))
    throw new AgoraiError('length_mismatch', `A content of ${bytes} bytes is sealed as ${sealedBytes(bytes)}.`, {
      details: { stated: sealedBytes(bytes), actual: ciphertext.bytes },
    })
  const chunks = Math.max(1, Math.ceil(bytes / chunkBytes))
  let kept: { index: number; opened: Uint8Array } | undefined

  async function open(first: number, last: number): Promise<Uint8Array[]> {
    if (kept !== undefined && kept.index === first && first === last) return [kept.opened]
    const end = Math.min((last + 1) * sealedChunkBytes, ciphertext.bytes)
    const sealed = new Uint8Array(await ciphertext.read(first * sealedChunkBytes, end))
    const opened: Uint8Array[] = []
    for (let index = first; index <= last; index++) {
      const at = (index - first) * sealedChunkBytes
      const chunk = sealed.subarray(at, at + sealedChunkBytes)
      opened.push(await openChunk({ key, contentId, index, last: index === chunks - 1, sealed: chunk }))
    }
    kept = { index: last, opened: opened.at(-1) ?? new Uint8Array() }
    return opened
  }

  return {
    bytes,
    async read(start, end) {
      if (!(start >= 0 && start <= end && end <= bytes)) throw new RangeError(`There is no range ${start} to ${end}.`)
      const part = new Uint8Array(end - start)
      if (part.length === 0) return part
      const first = Math.floor(start / chunkBytes)
      const opened = await open(first, Math.ceil(end / chunkBytes) - 1)
      for (const [place, chunk] of opened.entries()) {
        const from = (first + place) * chunkBytes
        part.set(
          chunk.subarray(Math.max(0, start - from), Math.max(0, Math.min(chunk.length, end - from))),
          Math.max(0, from - start),
        )
      }
      return part
    },
    stream: () => openContent({ key, contentId, ciphertext: ciphertext.stream() }),
  }
}
