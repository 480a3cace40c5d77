import {
  AgoraiError,
  type ContentManifest,
  type DeliveryGrant,
  importContentKey,
  openContent,
  requireContent,
} from '@agorai/core'
import type { Address } from 'viem'
import { createCidMeter } from '../content/createMeter.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { type ContentSecrets, generateDeliveryKey, grantAad, openSealed } from '../crypto/hpke.js'
import { findEntitlingOffer } from '../delivery/findEntitlingOffer.js'
import { readManifest } from '../delivery/readManifest.js'
import { requestGrant } from '../delivery/requestGrant.js'
import { readContent } from '../http/readContent.js'

export type FetchDeliveryParameters = {
  version: bigint
  /** The offer whose pass entitles the account. Default: found by the account's passes; the owner needs none. */
  offer?: bigint | undefined
  /** Longest wait until the chain has confirmed the purchase. Default 60,000. */
  confirmationTimeoutMs?: number | undefined
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
  /** Decrypts the content: whoever has it can read what was bought. */
  contentKey: Uint8Array
  /** Opens the row salts, and with them the salted root. */
  saltSeed: Uint8Array
  /**
   * Downloads and decrypts. Each slice was authenticated before it is yielded; the CID and the lengths are known only at
   * the end, so what was read counts only when the iteration ends without an error. It may be called again.
   */
  plaintext(options?: PlaintextOptions): AsyncGenerator<Uint8Array>
}

export type PlaintextOptions = {
  /** Told of the bytes of ciphertext read so far. */
  onProgress?: (progress: { bytes: number; bytesTotal: number }) => void
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
  const { version, confirmationTimeoutMs = 60_000 } = parameters
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
  const secrets = await openSealed(deliveryKey.privateKey, grant.sealedKey, aad)
  return {
    version,
    publisher,
    manifest,
    manifestBytes,
    grant,
    ...secrets,
    plaintext: (options = {}) => openStored(client, manifest, secrets, options),
  }
}

async function* openStored(
  client: AgoraiClient,
  manifest: ContentManifest,
  secrets: ContentSecrets,
  { onProgress }: PlaintextOptions,
): AsyncGenerator<Uint8Array> {
  const { cid, bytes, plaintext } = manifest.content
  const meter = createCidMeter()
  let read = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const slice of readContent(client.http, cid, bytes)) {
      read += slice.length
      onProgress?.({ bytes: read, bytesTotal: bytes })
      yield slice
    }
  }
  const key = await importContentKey(secrets.contentKey)
  const ciphertext = meter.pass(counted())
  let opened = 0
  for await (const slice of openContent({ key, contentId: manifest.contentId, ciphertext })) {
    opened += slice.length
    yield slice
  }
  const stored = await meter.result()
  if (stored.cid !== cid)
    throw new AgoraiError('integrity_failed', `The ciphertext has the CID ${stored.cid}.`, { field: 'content.cid' })
  if (stored.bytes !== bytes || opened !== plaintext.bytes)
    throw new AgoraiError('integrity_failed', `The content has ${opened} bytes, ${plaintext.bytes} were listed.`, {
      field: 'content.plaintext.bytes',
    })
}
