import {
  AgoraiError,
  type ContentManifest,
  type ContentSecrets,
  contentKinds,
  encodeManifest,
  type Manifest,
  manifestDigest,
  partitionsOf,
  sealFrom,
} from '@agorai/core'
import type { Hex } from 'viem'
import { sha256 } from 'viem'
import { bytesToHex } from 'viem/utils'
import type { RowFormat } from '../content/readRows.js'
import { skipBytes } from '../content/readStream.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { depositAad, sealTo } from '../crypto/hpke.js'
import { composeManifest, type StatedAsset } from '../publishing/composeManifest.js'
import { type ContentSource, measureContent, type StatedPartition } from '../publishing/measureContent.js'
import { type StatedSample, toSample, toSampledRows } from '../publishing/statedSample.js'
import { uploadContent } from '../publishing/uploadContent.js'
import type { BegunUpload, UploadMemory } from '../publishing/uploadMemory.js'
import { uploadSigned } from '../publishing/uploadSigned.js'

export type PublishPhase = 'measure' | 'upload' | 'check' | 'publish'

export type PrepareAssetParameters = StatedAsset & {
  /** What is sold. A dataset, model or algorithm has one, a collection never; the other kinds may. */
  content?: ContentSource | undefined
  /** Default: `binary`. */
  rowFormat?: RowFormat | undefined
  /** The parts that contributors gave, in order, which together are the content. Default: one part. */
  partitions?: readonly StatedPartition[] | undefined
  /** Parts of the content to make public: rows by index, or the first ones, and small files that go with them. Default: none. */
  sample?: StatedSample | undefined
  /** Where an upload that has begun is remembered, so that the same content goes on after a break. Default: nowhere. */
  uploads?: UploadMemory | undefined
  /** Told how far each phase is, in bytes for `measure` and `upload`. */
  onProgress?: ((progress: { phase: PublishPhase; bytes: number; bytesTotal: number }) => void) | undefined
}

/** Everything of a version but its place on the chain: no secret is in it. */
export type PreparedAsset = {
  manifest: Manifest
  manifestDigest: Hex
}

/**
 * All of a publication that needs no chain: reads the content once to describe it, encrypts it under a fresh key while it
 * is uploaded, uploads the manifest, and deposits the key with the node's operator, who opens and checks everything. The
 * operator sees the plaintext. Memory does not grow with the content. `publishAsset` does this first when it is given a
 * content; doing it alone is for publications that need an owner's consent, which names the manifest.
 *
 * @throws AgoraiError `rows_invalid`, `manifest_invalid`, `unsafe_name`, `length_mismatch`, `wallet_declined`,
 * `node_unavailable`
 */
export async function prepareAsset(client: AgoraiClient, parameters: PrepareAssetParameters): Promise<PreparedAsset> {
  walletOf(client)
  const { content: source, kind, partitions, onProgress } = parameters
  const report = (phase: PublishPhase, bytes = 0): void =>
    onProgress?.({ phase, bytes, bytesTotal: phase === 'check' ? 0 : (source?.bytes ?? 0) })
  if (source === undefined) {
    if (contentKinds.includes(kind))
      throw new AgoraiError('manifest_invalid', `A ${kind} has a content.`, { field: 'content' })
    report('check')
    const prepared = await uploadManifest(client, composeManifest(parameters))
    await depositFeedKey(client, prepared)
    return prepared
  }
  if (kind === 'model' && source.mediaType === 'text/x-script')
    throw new AgoraiError('unsafe_format', 'A script is no model: publish weights, or an algorithm.', { field: 'kind' })
  const rowFormat = parameters.rowFormat ?? 'binary'
  const wanted = {
    rowFormat,
    partitions,
    withSha256: kind === 'dataset' && parameters.croissant === undefined,
    sampled: toSampledRows(parameters.sample, rowFormat),
  }
  const shape = JSON.stringify(wanted)
  const begun = await parameters.uploads?.load()
  // Keys that sealed this content in another form must not seal this one.
  const isSame = begun?.shape === shape
  const { contentId, secrets } = isSame ? begun : freshSecrets(partitions?.length ?? 1)
  report('measure')
  const measured = isSame
    ? begun.measured
    : await measureContent(source, { ...wanted, contentId, secrets, onBytes: (bytes) => report('measure', bytes) })
  await parameters.uploads?.save({ contentId, secrets, shape, measured })
  const { sampleRows, ...content } = measured
  const date = new Date().toISOString().slice(0, 10)
  const sample = toSample(parameters.sample, sampleRows)
  const manifest = composeManifest(parameters, { contentId, ...content, sample, date })
  // What is wrong with the manifest is better said before the upload.
  encodeManifest(manifest)
  const sealedBytes = manifest.content.bytes
  const onBytes = (bytes: number) => onProgress?.({ phase: 'upload', bytes, bytesTotal: sealedBytes })
  await uploadSealed(client, { manifest, source, secrets, onBytes })
  report('check')
  const prepared = await uploadManifest(client, manifest)
  await depositKey(client, { room: 'keys', digest: prepared.manifestDigest, secrets })
  await depositFeedKey(client, prepared)
  return prepared
}

/** What is appended to a feed has keys that follow from a master, which its operator keeps and never hands on. */
async function depositFeedKey(client: AgoraiClient, { manifest, manifestDigest }: PreparedAsset): Promise<void> {
  if (manifest.feed === undefined) return
  await depositKey(client, { room: 'feed-keys', digest: manifestDigest, secrets: freshSecrets(1).secrets })
}

const freshSecrets = (partitions: number): Pick<BegunUpload, 'contentId' | 'secrets'> => ({
  contentId: bytesToHex(randomBytes()),
  secrets: Array.from({ length: partitions }, () => ({ contentKey: randomBytes(), saltSeed: randomBytes() })),
})

const randomBytes = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))

async function uploadManifest(client: AgoraiClient, manifest: Manifest): Promise<PreparedAsset> {
  const encoded = encodeManifest(manifest)
  const digest = manifestDigest(encoded)
  await uploadSigned(client, {
    resource: `manifests/${digest}`,
    bytes: encoded.length,
    digest,
    mediaType: 'application/json',
    body: () => new Blob([new Uint8Array(encoded)]),
  })
  return { manifest, manifestDigest: digest }
}

async function uploadSealed(
  client: AgoraiClient,
  parameters: {
    manifest: ContentManifest
    source: ContentSource
    secrets: ContentSecrets
    /** Told of the ciphertext that was sent. */
    onBytes: (bytes: number) => void
  },
): Promise<void> {
  const { manifest, source, secrets, onBytes } = parameters
  const { contentId, content } = manifest
  const partitionBytes = partitionsOf(content).map((partition) => partition.bytes)
  const { cid, bytes } = content
  await uploadContent(client, {
    cid,
    bytes,
    onBytes,
    sealed: (start) =>
      sealFrom({ contentId, secrets, partitionBytes, start, plaintext: (from) => readFrom(source, from) }),
  })
}

const readBytes = 4 * 1024 * 1024

/** A content from one of its bytes on. */
async function* readFrom(source: ContentSource, start: number): AsyncGenerator<Uint8Array> {
  if (start === 0 || source.read === undefined) return yield* skipBytes(source.stream(), start)
  for (let at = start; at < source.bytes; at += readBytes)
    yield await source.read(at, Math.min(source.bytes, at + readBytes))
}

/**
 * The operator opens the whole content before it answers. A proxy or server that cuts silent connections is asked again,
 * and the operator then answers for the check that is already under way.
 */
const depositAttemptsMax = 30

async function depositKey(
  client: AgoraiClient,
  { room, digest, secrets }: { room: 'keys' | 'feed-keys'; digest: Hex; secrets: ContentSecrets },
): Promise<void> {
  const sealedKey = await sealTo(client.info.operator.encryptionKey, secrets, depositAad(digest))
  const body = new TextEncoder().encode(JSON.stringify({ sealedKey }))
  await uploadSigned(client, {
    resource: `${room}/${digest}`,
    bytes: body.length,
    digest: sha256(body),
    mediaType: 'application/json',
    body: () => body,
    attemptsMax: depositAttemptsMax,
  })
}
