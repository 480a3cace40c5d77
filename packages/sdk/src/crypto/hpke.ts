import { AgoraiError, type ContentSecrets, partitionsMax } from '@agorai/core'
import { Aes256Gcm, CipherSuite, HkdfSha256 } from '@hpke/core'
import { DhkemX25519HkdfSha256 } from '@hpke/dhkem-x25519'
import type { Hex } from 'viem'
import { bytesToHex, concatBytes, hexToBytes, numberToBytes } from 'viem/utils'

/** RFC 9180 base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() })
const info = new TextEncoder().encode('agorai/key/v1')
const encapsulationBytes = 32
const secretBytes = 32

/** An X25519 key pair, made for one delivery on one device. */
export type DeliveryKey = { publicKey: Hex; privateKey: Uint8Array }

/** Makes a fresh X25519 key pair. */
export async function generateDeliveryKey(): Promise<DeliveryKey> {
  const pair = await suite.kem.generateKeyPair()
  const [publicKey, privateKey] = await Promise.all([
    suite.kem.serializePublicKey(pair.publicKey),
    suite.kem.serializePrivateKey(pair.privateKey),
  ])
  return { publicKey: bytesToHex(new Uint8Array(publicKey)), privateKey: new Uint8Array(privateKey) }
}

/**
 * Seals the secrets of a version to a public key: contentKey ‖ saltSeed of each partition, in order.
 *
 * @param aad `depositAad` or `grantAad`: what the sealed secrets are for; they open under nothing else.
 * @param seed A secret of the sealer's own: the same secrets for the same purpose are then sealed to the same bytes. By
 * default each sealing is another.
 * @returns The encapsulated key (32 bytes) and the ciphertext, one after the other.
 * @throws AgoraiError `key_invalid` when the public key is none.
 */
export async function sealTo(
  publicKey: Hex,
  secrets: ContentSecrets,
  aad: Uint8Array,
  seed?: Uint8Array,
): Promise<Hex> {
  if (secrets.length === 0 || secrets.length > partitionsMax)
    throw new AgoraiError('key_invalid', `A content has secrets of 1 to ${partitionsMax} partitions.`)
  const words = secrets.flatMap(({ contentKey, saltSeed }) => [contentKey, saltSeed])
  if (words.some((word) => word.length !== secretBytes))
    throw new AgoraiError('key_invalid', 'A content key and a salt seed have 32 bytes each.')
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(toBuffer(hexToBytes(publicKey)))
    const plaintext = toBuffer(concatBytes(words))
    const ekm = seed && (await derive(seed, concatBytes([hexToBytes(publicKey), aad, new Uint8Array(plaintext)])))
    const recipient = { recipientPublicKey, info: toBuffer(info), ...(ekm && { ekm }) }
    const { enc, ct } = await suite.seal(recipient, plaintext, toBuffer(aad))
    return bytesToHex(concatBytes([new Uint8Array(enc), new Uint8Array(ct)]))
  } catch (cause) {
    throw new AgoraiError('key_invalid', 'The public key to seal to is not an X25519 key.', { cause })
  }
}

/**
 * Opens what `sealTo` sealed.
 *
 * @throws AgoraiError `key_invalid` when it was sealed to another key, for another purpose, or was altered.
 */
export async function openSealed(privateKey: Uint8Array, sealed: Hex, aad: Uint8Array): Promise<ContentSecrets> {
  const bytes = hexToBytes(sealed)
  try {
    const recipientKey = await suite.kem.deserializePrivateKey(toBuffer(privateKey))
    const enc = toBuffer(bytes.subarray(0, encapsulationBytes))
    const opened = await suite.open(
      { recipientKey, enc, info: toBuffer(info) },
      toBuffer(bytes.subarray(encapsulationBytes)),
      toBuffer(aad),
    )
    const partitions = opened.byteLength / (2 * secretBytes)
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > partitionsMax)
      throw new RangeError(`${opened.byteLength} bytes were sealed.`)
    return Array.from({ length: partitions }, (_, partition) => ({
      contentKey: new Uint8Array(opened, 2 * partition * secretBytes, secretBytes),
      saltSeed: new Uint8Array(opened, (2 * partition + 1) * secretBytes, secretBytes),
    }))
  } catch (cause) {
    throw new AgoraiError('key_invalid', 'The sealed key was not made for this key and this purpose.', { cause })
  }
}

/** What a key deposited with an operator is bound to. */
export const depositAad = (manifestDigest: Hex): Uint8Array => hexToBytes(manifestDigest, { size: 32 })

/** What a key granted to a holder is bound to. */
export const grantAad = (grant: { version: bigint; holder: Hex; manifestDigest: Hex }): Uint8Array =>
  concatBytes([
    numberToBytes(grant.version, { size: 32 }),
    hexToBytes(grant.holder, { size: 20 }),
    hexToBytes(grant.manifestDigest, { size: 32 }),
  ])

/** HMAC-SHA256: nobody without the seed can foresee it. */
async function derive(seed: Uint8Array, message: Uint8Array): Promise<ArrayBuffer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', toBuffer(seed), algorithm, false, ['sign'])
  return crypto.subtle.sign('HMAC', key, toBuffer(message))
}

const toBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
