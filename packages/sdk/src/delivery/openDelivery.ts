import {
  AgoraiError,
  type ContentManifest,
  chunkBytes,
  chunkHashBytes,
  importContentKey,
  isAgoraiError,
  type KeptSecrets,
  mapChunks,
  openChunk,
  partitionsOf,
  readChunkHashes,
  sealPartitions,
} from '@agorai/core'
import type { Hex } from 'viem'
import type { Http } from '../http/createHttp.js'
import { isChunk, readChunks } from './readChunks.js'

export type PlaintextOptions = {
  /** Begin with this byte of the plaintext, to go on with what was read before. Default 0. */
  start?: number | undefined
  /** Told of the bytes of ciphertext that lie behind. */
  onProgress?: ((progress: { bytes: number; bytesTotal: number }) => void) | undefined
}

export type OpenDeliveryParameters = {
  sources: readonly Http[]
  manifest: ContentManifest
  digest: Hex
  secrets: KeptSecrets
  /** Told of a node that sent a wrong chunk; may bring the right one. */
  onWrong(source: Http, index: number, hashes: Uint8Array): Promise<Uint8Array<ArrayBuffer> | undefined>
}

const tagBytes = 16
const listTimeoutMs = 600_000

/**
 * Downloads and decrypts what there are secrets for. Each chunk is compared with its hash, which the manifest's chunk root
 * commits to, and authenticated, before any of it is yielded.
 *
 * @throws AgoraiError `integrity_failed` with the chunk, `node_unavailable`
 */
export async function* openDelivery(
  parameters: OpenDeliveryParameters,
  { start = 0, onProgress }: PlaintextOptions,
): AsyncGenerator<Uint8Array> {
  const { sources, manifest, secrets } = parameters
  const { contentId, content } = manifest
  const map = mapChunks(content)
  const hashes = await readHashes(parameters)
  const { wanted, skip } = chunksFrom(content, secrets, start)
  const keys = new Map<number, CryptoKey>()
  let left = skip
  const onWrong = (source: Http, index: number) => parameters.onWrong(source, index, hashes)
  for await (const { index, sealed } of readChunks({ sources, content, hashes, wanted, onWrong })) {
    const place = map.placeOf(index)
    const key = keys.get(place.partition) ?? (await importKey(secrets, place.partition))
    keys.set(place.partition, key)
    const opened = await openChunk({ key, contentId, ...place, sealed })
    onProgress?.({ bytes: map.spanOf(index).end, bytesTotal: map.bytes })
    yield left === 0 ? opened : opened.subarray(left)
    left = 0
  }
}

/**
 * How many bytes of a plaintext, from its beginning, are what was listed: each chunk of it is sealed again and compared.
 * The last chunk of what is there counts only if it is the last of all.
 *
 * @param existing What an earlier download left behind.
 */
export async function countRight(
  parameters: OpenDeliveryParameters,
  existing: AsyncIterable<Uint8Array>,
): Promise<number> {
  const { manifest, secrets } = parameters
  const { contentId, content } = manifest
  const kept = secrets.filter((each) => each !== null)
  // Where partitions are gone nothing says where the next one would begin.
  if (kept.length < secrets.length) return 0
  const hashes = await readHashes(parameters)
  const map = mapChunks(content)
  const partitionBytes = partitionsOf(content).map(({ bytes }) => bytes)
  let index = 0
  let right = 0
  for await (const sealed of sealPartitions({ contentId, partitionBytes, secrets: kept, plaintext: existing })) {
    if (index >= map.chunks || !(await isChunk(hashes, index, sealed))) break
    right += sealed.length - tagBytes
    index++
  }
  return right
}

/** The chunks of the partitions that there are secrets for, from a byte of their plaintext on. */
function chunksFrom(
  content: ContentManifest['content'],
  secrets: KeptSecrets,
  start: number,
): { wanted: number[]; skip: number } {
  const wanted: number[] = []
  let skip = 0
  let before = 0
  let first = 0
  for (const [place, { bytes }] of partitionsOf(content).entries()) {
    const count = Math.max(1, Math.ceil(bytes / chunkBytes))
    if (secrets[place] !== null) {
      const from = Math.min(count, Math.floor(Math.max(0, start - before) / chunkBytes))
      if (start > before && start < before + bytes) skip = (start - before) % chunkBytes
      if (start < before + bytes || (bytes === 0 && start === before))
        for (let index = from; index < count; index++) wanted.push(first + index)
      before += bytes
    }
    first += count
  }
  return { wanted, skip }
}

async function importKey(secrets: KeptSecrets, partition: number): Promise<CryptoKey> {
  const found = secrets[partition]
  if (found === undefined || found === null) throw new RangeError(`There is no key for partition ${partition}.`)
  return importContentKey(found.contentKey)
}

/** The list of all chunks' hashes, from whichever node has it: it proves itself. */
async function readHashes({ sources, manifest, digest }: OpenDeliveryParameters): Promise<Uint8Array> {
  const { content } = manifest
  let reason: unknown
  for (const source of sources)
    try {
      const request = { path: `api/v1/manifests/${digest}/chunks`, timeoutMs: listTimeoutMs }
      const hashes = await source.bytes(request, content.chunks * chunkHashBytes)
      await readChunkHashes(content, hashes)
      return hashes
    } catch (error) {
      if (!isAgoraiError(error)) throw error
      reason = error
    }
  throw reason ?? new AgoraiError('node_unavailable', 'There is no node to ask for the content.')
}
