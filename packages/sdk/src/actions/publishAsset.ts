import {
  AgoraiError,
  assetRegistryAbi,
  contributorRootOf,
  digestOfCid,
  encodeManifest,
  importContentKey,
  kindToNumber,
  type Manifest,
  manifestDigest,
  sealContent,
  type Usage,
} from '@agorai/core'
import type { Address, Hash, Hex } from 'viem'
import { sha256 } from 'viem'
import { bytesToHex } from 'viem/utils'
import type { RowFormat } from '../content/readRows.js'
import { type AgoraiClient, walletOf } from '../createAgoraiClient.js'
import { type ContentSecrets, depositAad, sealTo } from '../crypto/hpke.js'
import { describeCroissant } from '../publishing/describeCroissant.js'
import { type ContentSource, measureContent } from '../publishing/measureContent.js'
import { toUploadBody, uploadSigned } from '../publishing/uploadSigned.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'
import { listOffer } from './listOffer.js'

export type PublishPhase = 'measure' | 'upload' | 'check' | 'publish' | 'offer'

export type PublishAssetParameters = Pick<
  Manifest,
  'kind' | 'name' | 'description' | 'tags' | 'licence' | 'terms' | 'contributors' | 'metrics'
> & {
  content: ContentSource
  rowFormat: RowFormat
  /** Where the content comes from. The versions it was built from are `parents`. */
  provenance: { description: string }
  /** Default: found in the content. */
  fields?: Manifest['fields'] | undefined
  /** Default for a dataset: described from the content. */
  croissant?: Manifest['croissant'] | undefined
  /** Needed for a model. */
  modelCard?: Manifest['modelCard'] | undefined
  /** Versions that this was built from; each is owed its royalty by every sale. */
  parents: readonly bigint[]
  /** `price` in base units of `token`. */
  offers: readonly { token: Address; price: bigint; usage: Usage }[]
  /** An asset of the client's account that this is a later version of. Default: a new asset. */
  asset?: bigint | undefined
  /** Told how far each phase is, in bytes for `measure` and `upload`. */
  onProgress?: ((progress: { phase: PublishPhase; bytes: number; bytesTotal: number }) => void) | undefined
}

export type PublishAssetReturnType = {
  asset: bigint
  version: bigint
  manifest: Manifest
  manifestDigest: Hex
  /** CID of the ciphertext. */
  cid: string
  /** Ids of the offers, in the order given. */
  offers: bigint[]
  /** The transaction that published the version. */
  hash: Hash
}

/**
 * Publishes a content: reads it once to describe it, encrypts it under a fresh key while it is uploaded, deposits the key
 * with the node's operator, who opens and checks everything, and only then writes the version on the chain. The operator
 * sees the plaintext. Memory does not grow with the content.
 *
 * @throws AgoraiError `rows_invalid`, `manifest_invalid`, `unsafe_name`, `length_mismatch`, `parents_invalid`,
 * `rates_invalid`, `edges_too_many`, `not_owner`, `wallet_declined`, `node_unavailable`, `chain_unavailable`
 */
export async function publishAsset(
  client: AgoraiClient,
  parameters: PublishAssetParameters,
): Promise<PublishAssetReturnType> {
  walletOf(client)
  const { content: source, offers, onProgress } = parameters
  const report = (phase: PublishPhase, bytes = 0): void =>
    onProgress?.({ phase, bytes, bytesTotal: phase === 'measure' || phase === 'upload' ? source.bytes : 0 })
  const secrets = { contentKey: randomBytes(), saltSeed: randomBytes() }
  const contentId = bytesToHex(randomBytes())

  report('measure')
  const measured = await measureContent(source, {
    rowFormat: parameters.rowFormat,
    contentId,
    secrets,
    onBytes: (bytes) => report('measure', bytes),
  })
  const manifest = composeManifest(parameters, { contentId, ...measured })
  const encoded = encodeManifest(manifest)
  const digest = manifestDigest(encoded)

  await uploadContent(client, { manifest, source, secrets, onBytes: (bytes) => report('upload', bytes) })
  report('check')
  await uploadSigned(client, {
    resource: `manifests/${digest}`,
    bytes: encoded.length,
    digest,
    mediaType: 'application/json',
    body: () => new Blob([new Uint8Array(encoded)]),
  })
  await depositKey(client, digest, secrets)

  report('publish')
  const { asset, version, hash } = await publishVersion(client, { manifest, digest, asset: parameters.asset })
  report('offer')
  const ids: bigint[] = []
  for (const offer of offers) {
    const listed = await listOffer(client, { asset, ...offer })
    ids.push(listed.offer)
  }
  return { asset, version, manifest, manifestDigest: digest, cid: manifest.content.cid, offers: ids, hash }
}

const randomBytes = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))

function composeManifest(
  parameters: PublishAssetParameters,
  measured: Pick<Manifest, 'contentId' | 'content' | 'fields'>,
): Manifest {
  const { kind, name, description, tags, licence, terms, contributors, metrics, provenance } = parameters
  const { fields = measured.fields, croissant, modelCard } = parameters
  const manifest: Manifest = {
    agorai: '1',
    kind,
    name,
    description,
    tags,
    licence,
    contentId: measured.contentId,
    content: measured.content,
    fields,
    provenance: { ...provenance, builtFrom: parameters.parents.map(String) },
    terms,
    contributors,
    metrics,
  }
  if (kind === 'dataset') return { ...manifest, croissant: croissant ?? describeCroissant(manifest) }
  if (modelCard === undefined)
    throw new AgoraiError('manifest_invalid', 'A model needs a model card.', { field: 'modelCard' })
  return { ...manifest, modelCard }
}

async function uploadContent(
  client: AgoraiClient,
  parameters: {
    manifest: Manifest
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

async function publishVersion(
  client: AgoraiClient,
  { manifest, digest, asset }: { manifest: Manifest; digest: Hex; asset: bigint | undefined },
): Promise<{ asset: bigint; version: bigint; hash: Hash }> {
  const publication = {
    manifestDigest: digest,
    parents: manifest.provenance.builtFrom.map(BigInt),
    royaltyBps: manifest.terms.royaltyBps,
    contributors: { root: contributorRootOf(manifest), bps: manifest.contributors.bps },
  }
  const registry = {
    address: client.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    eventName: 'VersionPublished',
  } as const
  const { events, hash } =
    asset === undefined
      ? await sendAndDecode(client, {
          ...registry,
          functionName: 'publish',
          args: [kindToNumber(manifest.kind), publication],
        })
      : await sendAndDecode(client, { ...registry, functionName: 'publishVersion', args: [asset, publication] })
  const { args } = onlyEvent(events)
  return { asset: args.asset, version: args.version, hash }
}
