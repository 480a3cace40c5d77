import type { Hex } from 'viem'
import { hexToBytes } from 'viem/utils'
import { AgoraiError } from '../errors/AgoraiError.js'
import { cutStream } from './cutStream.js'

/** Plaintext bytes in each chunk but the last. */
export const chunkBytes = 1_048_576

const tagBytes = 16

/** Length of the sealed content: 16 bytes more for each chunk; an empty plaintext is one empty chunk. */
export const sealedBytes = (plaintextBytes: number): number =>
  plaintextBytes + tagBytes * Math.max(1, Math.ceil(plaintextBytes / chunkBytes))

/**
 * @param raw 32 random bytes, fresh for each version: IVs are counters, so one key must never seal two contents.
 * @throws AgoraiError `key_invalid`
 */
export async function importContentKey(raw: Uint8Array): Promise<CryptoKey> {
  if (raw.length !== 32) throw new AgoraiError('key_invalid', 'A content key has 32 bytes.')
  return crypto.subtle.importKey('raw', new Uint8Array(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/**
 * Encrypts a content by AES-256-GCM in chunks. IV: the chunk's index as 12 bytes. Additional data: contentId, the index
 * as 8 bytes, and 1 for the last chunk. Each sealed chunk is its ciphertext and its 16-byte tag.
 *
 * @param parameters.contentId The manifest's 32 random bytes.
 * @param parameters.plaintext In slices of any length.
 */
export async function* sealContent(parameters: {
  key: CryptoKey
  contentId: Hex
  plaintext: AsyncIterable<Uint8Array>
}): AsyncGenerator<Uint8Array> {
  const { key, contentId, plaintext } = parameters
  let index = 0
  for await (const { bytes, last } of cutStream(plaintext, chunkBytes))
    yield new Uint8Array(await crypto.subtle.encrypt(algorithmOf(contentId, index++, last), key, bytes))
}

/**
 * Decrypts what `sealContent` made. A chunk is yielded only after its tag has been verified, and its tag binds its place:
 * nothing comes from an altered, missing, repeated, moved or foreign chunk, nor from any after it.
 *
 * @throws AgoraiError `integrity_failed` with the index of the chunk.
 */
export async function* openContent(parameters: {
  key: CryptoKey
  contentId: Hex
  ciphertext: AsyncIterable<Uint8Array>
}): AsyncGenerator<Uint8Array> {
  const { key, contentId, ciphertext } = parameters
  let index = 0
  for await (const { bytes, last } of cutStream(ciphertext, chunkBytes + tagBytes)) {
    // Only an empty plaintext has an empty chunk, so each plaintext has one ciphertext under a key.
    if (bytes.length < tagBytes || (bytes.length === tagBytes && index > 0)) throw alteredAt(index)
    let opened: ArrayBuffer
    try {
      opened = await crypto.subtle.decrypt(algorithmOf(contentId, index, last), key, bytes)
    } catch (cause) {
      throw alteredAt(index, cause)
    }
    yield new Uint8Array(opened)
    index++
  }
}

const alteredAt = (chunk: number, cause?: unknown): AgoraiError =>
  new AgoraiError('integrity_failed', `Chunk ${chunk} is not what was sealed.`, { details: { chunk }, cause })

function algorithmOf(contentId: Hex, index: number, last: boolean): AesGcmParams {
  const iv = new Uint8Array(12)
  new DataView(iv.buffer).setBigUint64(4, BigInt(index))
  const additionalData = new Uint8Array(41)
  additionalData.set(hexToBytes(contentId, { size: 32 }))
  new DataView(additionalData.buffer).setBigUint64(32, BigInt(index))
  additionalData[40] = last ? 1 : 0
  return { name: 'AES-GCM', iv, additionalData, tagLength: 8 * tagBytes }
}
