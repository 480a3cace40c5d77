import {
  AgoraiError,
  type ContentManifest,
  type ContentSecrets,
  type DeliveryGrant,
  type KeptSecrets,
  partitionsOf,
  requireContent,
} from '@agorai/core'
import type { Address } from 'viem'
import { type AgoraiClient, toBaseUrl } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { generateDeliveryKey, grantAad, openSealed } from '../crypto/hpke.js'
import { findEntitlingOffer } from '../delivery/findEntitlingOffer.js'
import {
  countRight,
  type OpenDeliveryParameters,
  openDelivery,
  type PlaintextOptions,
} from '../delivery/openDelivery.js'
import { readManifest } from '../delivery/readManifest.js'
import { requestGrant } from '../delivery/requestGrant.js'
import { askAgain, type WrongChunk } from '../delivery/wrongChunk.js'
import { createHttp } from '../http/createHttp.js'

export type FetchDeliveryParameters = {
  version: bigint
  /** The offer whose pass entitles the account. Default: found by the account's passes; the owner needs none. */
  offer?: bigint | undefined
  /** Longest wait until the chain has confirmed the purchase. Default 60,000. */
  confirmationTimeoutMs?: number | undefined
  /** Base URLs of other nodes that may have the ciphertext. None of them is believed anything. */
  sources?: readonly (string | URL)[] | undefined
  /** Told, with the proof, when the operator signed for another chunk than was published; see `proveWrongChunk`. */
  onWrongChunk?: ((wrong: WrongChunk) => void | Promise<void>) | undefined
}

export type FetchDeliveryReturnType = {
  version: bigint
  /** Who published the version, as the chain's commitment says. */
  publisher: Address
  manifest: ContentManifest
  /** The exact bytes that the chain committed to. */
  manifestBytes: Uint8Array
  /** The operator's grant, with its signed receipt. */
  grant: DeliveryGrant
  /**
   * Of each partition: its key, by which whoever has it can read what was bought, and the seed of its row salts. Null for
   * a partition that was erased before this delivery.
   */
  secrets: KeptSecrets
  /**
   * Downloads and decrypts, several chunks at a time and from all sources. Each slice was compared with the manifest's
   * chunk root and authenticated before it is yielded. It may be called again, also to go on from a byte on.
   */
  plaintext(options?: PlaintextOptions): AsyncGenerator<Uint8Array>
  /** How many bytes of what an earlier download left behind are right: `plaintext({ start })` goes on from there. */
  countRight(existing: AsyncIterable<Uint8Array>): Promise<number>
}

/**
 * Gets the key of a version that the account may open, sealed to a key pair made for this delivery alone, and checks the
 * manifest against the chain and the receipt against the operator. The content follows by `plaintext()`.
 * Next step: `verifyDelivery`.
 *
 * @throws AgoraiError `entitlement_missing`, `not_confirmed`, `key_invalid`, `integrity_failed`, `signature_invalid`,
 * `wallet_declined`, `node_unavailable`, `chain_unavailable`
 */
export async function fetchDelivery(
  client: AgoraiClient,
  parameters: FetchDeliveryParameters,
): Promise<FetchDeliveryReturnType> {
  const { version, confirmationTimeoutMs = 60_000, sources = [], onWrongChunk } = parameters
  const holder = walletOf(client).account.address
  const offer = parameters.offer ?? (await findEntitlingOffer(client, version))
  const deliveryKey = await generateDeliveryKey()
  const grant = await requestGrant(client, {
    version,
    offer,
    deliveryKey: deliveryKey.publicKey,
    timeoutMs: confirmationTimeoutMs,
  })
  const { publisher, manifestDigest: digest } = grant
  const stated = await readManifest(client, { version, publisher, digest })
  const { manifestBytes } = stated
  const manifest = requireContent(stated.manifest)
  const { cid, bytes } = manifest.content
  if (grant.cid !== cid || grant.bytes !== bytes || BigInt(grant.version) !== version)
    throw new AgoraiError('integrity_failed', 'The grant is for another content than the manifest names.')
  const aad = grantAad({ version, holder, manifestDigest: grant.manifestDigest })
  const opened = await openSealed(deliveryKey.privateKey, grant.sealedKey, aad)
  const secrets = keptOf(opened, grant, partitionsOf(manifest.content).length)
  const opening: OpenDeliveryParameters = {
    sources: [client.http, ...sources.map((url) => createHttp(toBaseUrl(url), globalThis.fetch))],
    manifest,
    digest,
    secrets,
    async onWrong(source, index, hashes) {
      // Nobody else signed for this delivery.
      if (source !== client.http) return undefined
      const { operator, chain } = client.info
      const again = await askAgain({
        http: source,
        domain: { chainId: chain.id, assetRegistry: chain.addresses.assetRegistry },
        operator: operator.address,
        ...{ version, publisher, manifestBytes, grant, hashes, index },
      }).catch(() => undefined)
      if (again?.wrong !== undefined) await onWrongChunk?.(again.wrong)
      return again?.sealed
    },
  }
  return {
    version,
    publisher,
    manifest,
    manifestBytes,
    grant,
    secrets,
    plaintext: (options = {}) => openDelivery(opening, options),
    countRight: (existing) => countRight(opening, existing),
  }
}

/** The grant seals the secrets that are left, and names the partitions whose secrets are not. */
function keptOf(opened: ContentSecrets, { erasedPartitions = [] }: DeliveryGrant, partitions: number): KeptSecrets {
  const left = opened.values()
  const secrets = Array.from({ length: partitions }, (_, partition) =>
    erasedPartitions.includes(partition) ? null : (left.next().value ?? null),
  )
  const found = secrets.filter((each) => each !== null).length
  if (found !== opened.length || found + erasedPartitions.length !== partitions)
    throw new AgoraiError('integrity_failed', 'The grant is for another number of partitions than the manifest.')
  return secrets
}
