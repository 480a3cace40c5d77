import {
  AgoraiError,
  type ContentManifest,
  contentKinds,
  digestOfCid,
  encodeManifest,
  importContentKey,
  type Manifest,
  manifestDigest,
  sealContent,
  type statementSchema,
} from '@agorai/core'
import type { Hex } from 'viem'
import { sha256 } from 'viem'
import { bytesToHex } from 'viem/utils'
import type { z } from 'zod'
import type { RowFormat } from '../content/readRows.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { type ContentSecrets, depositAad, sealTo } from '../crypto/hpke.js'
import { composeManifest } from '../publishing/composeManifest.js'
import { type ContentSource, measureContent } from '../publishing/measureContent.js'
import { toUploadBody, uploadSigned } from '../publishing/uploadSigned.js'

export type PublishPhase = 'measure' | 'upload' | 'check' | 'publish'

export type PrepareAssetParameters = Pick<
  z.input<typeof statementSchema>,
  'kind' | 'name' | 'description' | 'tags' | 'licence' | 'terms' | 'contributors' | 'metrics' | 'members'
> & {
  /** What is sold. A dataset, model, algorithm or feed has one, a collection never; the other kinds may. */
  content?: ContentSource | undefined
  /** Default: `binary`. */
  rowFormat?: RowFormat | undefined
  /** Where it comes from. The versions it was built from are `parents`. */
  provenance: { description: string }
  /** Default: found in the content. */
  fields?: Manifest['fields'] | undefined
  /** Default for a dataset: described from the content. */
  croissant?: Manifest['croissant'] | undefined
  /** Needed for a model. */
  modelCard?: Manifest['modelCard'] | undefined
  /** Versions that this was built from, ascending; each is owed its royalty by every sale. Default: none. */
  parents?: readonly bigint[] | undefined
  /** Versions whose work this service, agent or pipeline sells, ascending; each is paid its `serveBps`. Default: none. */
  suppliers?: readonly bigint[] | undefined
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
  const { content: source, kind, onProgress } = parameters
  const report = (phase: PublishPhase, bytes = 0): void =>
    onProgress?.({ phase, bytes, bytesTotal: phase === 'check' ? 0 : (source?.bytes ?? 0) })
  if (source === undefined) {
    if (contentKinds.includes(kind))
      throw new AgoraiError('manifest_invalid', `A ${kind} has a content.`, { field: 'content' })
    report('check')
    return uploadManifest(client, composeManifest(parameters))
  }
  const secrets = { contentKey: randomBytes(), saltSeed: randomBytes() }
  const contentId = bytesToHex(randomBytes())
  report('measure')
  const measured = await measureContent(source, {
    rowFormat: parameters.rowFormat ?? 'binary',
    contentId,
    secrets,
    onBytes: (bytes) => report('measure', bytes),
  })
  const manifest = composeManifest(parameters, { contentId, ...measured })
  // What is wrong with the manifest is better said before the upload.
  encodeManifest(manifest)
  await uploadContent(client, { manifest, source, secrets, onBytes: (bytes) => report('upload', bytes) })
  report('check')
  const prepared = await uploadManifest(client, manifest)
  await depositKey(client, prepared.manifestDigest, secrets)
  return prepared
}

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

async function uploadContent(
  client: AgoraiClient,
  parameters: {
    manifest: ContentManifest
    source: ContentSource
    secrets: ContentSecrets
    onBytes: (bytes: number) => void
  },
): Promise<void> {
  const { manifest, source, secrets, onBytes } = parameters
  const { contentId, content } = manifest
  const key = await importContentKey(secrets.contentKey)
  const sealed = (): AsyncIterable<Uint8Array> => {
    let bytes = 0
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const slice of source.stream()) {
        yield slice
        bytes += slice.length
        onBytes(bytes)
      }
    }
    return sealContent({ key, contentId, plaintext: counted() })
  }
  await uploadSigned(client, {
    resource: `content/${content.cid}`,
    bytes: content.bytes,
    digest: digestOfCid(content.cid),
    mediaType: 'application/octet-stream',
    body: await toUploadBody(sealed),
  })
}

/**
 * The operator opens the whole content before it answers. A proxy or server that cuts silent connections is asked again,
 * and the operator then answers for the check that is already under way.
 */
const depositAttemptsMax = 30

async function depositKey(client: AgoraiClient, digest: Hex, secrets: ContentSecrets): Promise<void> {
  const sealedKey = await sealTo(client.info.operator.encryptionKey, secrets, depositAad(digest))
  const body = new TextEncoder().encode(JSON.stringify({ sealedKey }))
  await uploadSigned(client, {
    resource: `keys/${digest}`,
    bytes: body.length,
    digest: sha256(body),
    mediaType: 'application/json',
    body: () => body,
    attemptsMax: depositAttemptsMax,
  })
}
