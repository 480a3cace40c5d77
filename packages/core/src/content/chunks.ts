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
 * @param raw 32 random bytes, fresh for each partition of each version: IVs are counters, so one key must never seal two
 * contents.
 * @throws AgoraiError `key_invalid`
 */
export async function importContentKey(raw: Uint8Array): Promise<CryptoKey> {
  if (raw.length !== 32) throw new AgoraiError('key_invalid', 'A content key has 32 bytes.')
  return crypto.subtle.importKey('raw', new Uint8Array(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
}

/**
 * Encrypts a partition of a content by AES-256-GCM in chunks. IV: the chunk's index in the partition as 12 bytes.
 * Additional data: contentId, the index as 8 bytes, 1 for the last chunk, and for each partition but the first its index
 * as 8 bytes. Each sealed chunk is its ciphertext and its 16-byte tag.
 *
 * @param parameters.contentId The manifest's 32 random bytes.
 * @param parameters.partition Default 0, which is the whole of most contents.
 * @param parameters.firstChunk Chunk that the plaintext begins with. Default 0.
 * @param parameters.plaintext In slices of any length.
 */
export async function* sealContent(parameters: {
  key: CryptoKey
  contentId: Hex
  partition?: number
  firstChunk?: number
  plaintext: AsyncIterable<Uint8Array>
}): AsyncGenerator<Uint8Array> {
  const { key, contentId, partition = 0, firstChunk = 0, plaintext } = parameters
  let index = firstChunk
  for await (const { bytes, last } of cutStream(plaintext, chunkBytes))
    yield new Uint8Array(
      await crypto.subtle.encrypt(algorithmOf({ contentId, partition, index: index++, last }), key, bytes),
    )
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
  partition?: number
  ciphertext: AsyncIterable<Uint8Array>
}): AsyncGenerator<Uint8Array> {
  const { key, contentId, partition = 0, ciphertext } = parameters
  let index = 0
  for await (const { bytes, last } of cutStream(ciphertext, chunkBytes + tagBytes)) {
    yield await openChunk({ key, contentId, partition, index, last, sealed: bytes })
    index++
  }
}

/**
 * Decrypts one chunk, whose place its tag binds.
 *
 * @throws AgoraiError `integrity_failed` with the index of the chunk.
 */
export async function openChunk(parameters: {
  key: CryptoKey
  contentId: Hex
  partition?: number
  index: number
  last: boolean
  sealed: Uint8Array<ArrayBuffer>
}): Promise<Uint8Array> {
  const { key, contentId, partition = 0, index, last, sealed } = parameters
  // Only an empty plaintext has an empty chunk, so each plaintext has one ciphertext under a key.
  if (sealed.length < tagBytes || (sealed.length === tagBytes && index > 0)) throw alteredAt(partition, index)
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithmOf({ contentId, partition, index, last }), key, sealed))
  } catch (cause) {
    throw alteredAt(partition, index, cause)
  }
}

function alteredAt(partition: number, chunk: number, cause?: unknown): AgoraiError {
  const place = partition === 0 ? `Chunk ${chunk}` : `Chunk ${chunk} of partition ${partition}`
  const details = partition === 0 ? { chunk } : { partition, chunk }
  return new AgoraiError('integrity_failed', `${place} is not what was sealed.`, { details, cause })
}

function algorithmOf(place: { contentId: Hex; partition: number; index: number; last: boolean }): AesGcmParams {
  const { contentId, partition, index, last } = place
  const iv = new Uint8Array(12)
  new DataView(iv.buffer).setBigUint64(4, BigInt(index))
  const additionalData = new Uint8Array(partition === 0 ? 41 : 49)
  const view = new DataView(additionalData.buffer)
  additionalData.set(hexToBytes(contentId, { size: 32 }))
  view.setBigUint64(32, BigInt(index))
  additionalData[40] = last ? 1 : 0
  if (partition > 0) view.setBigUint64(41, BigInt(partition))
  return { name: 'AES-GCM', iv, additionalData, tagLength: 8 * tagBytes }
}
