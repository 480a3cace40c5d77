import {
  AgoraiError,
  assertCanonical,
  assertKnownLicence,
  bytes32Schema,
  type ContentSecrets,
  contributorRootOf,
  type ErrorCode,
  keyDepositSchema,
  type Manifest,
  manifestBytesMax,
  parseManifest,
  parseStrictJson,
  parseWith,
  publicationCommitment,
  requireContent,
  storedSchema,
} from '@agorai/core'
import { depositAad, openSealed } from '@agorai/sdk'
import type { Address, Hex } from 'viem'
import { z } from 'zod'
import type { KeyFacts, KeyStore } from '../ports/keyStore.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { ManifestIndex } from '../ports/manifests.js'
import type { Storage } from '../ports/storage.js'
import { authenticateUpload, type Uploader } from './authenticateUpload.js'
import { checkContent } from './checkContent.js'
import { assertConsentsHold } from './contributionBook.js'
import { createGate } from './createGate.js'
import { type EraseKey, isErased } from './eraseKey.js'
import { type Route, route } from './http/route.js'
import type { Memory } from './memory.js'
import { otherDigest, readSignedJson, uploadHeaders } from './readSignedJson.js'
import { shareWork } from './shareWork.js'

export type UploadRoutesOptions = Uploader & {
  storage: Storage
  memory: Memory
  manifests: ManifestIndex
  keys: OperatorKeys
  keyStore: KeyStore
  erase: EraseKey
}

/** The secrets of 1,024 partitions are 64 KiB, sealed and in hexadecimal twice that. */
const keyBytesMax = 144 * 1024
const digestParams = z.strictObject({ digest: bytes32Schema })
const common: readonly ErrorCode[] = [
  'signature_invalid',
  'request_expired',
  'wrong_operator',
  'payload_too_large',
  'unsupported_media_type',
  'length_mismatch',
  'digest_mismatch',
  'storage_full',
  'chain_unavailable',
]

/**
 * What a seller brings after the content: its manifest, its key. Each is whole or not there, and may be repeated.
 * A version without a content has a manifest only.
 */
export function uploadRoutes(options: UploadRoutesOptions): Route[] {
  const { storage, manifests } = options
  const deposit = createDeposit(options)

  return [
    route({
      method: 'put',
      path: '/api/v1/manifests/{digest}',
      summary: 'Upload the exact bytes of a manifest.',
      params: digestParams,
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [...common, 'manifest_invalid', 'unsafe_name'],
      async handle({ params: { digest }, request }) {
        const upload = await authenticateUpload(options, request, `manifests/${digest}`)
        if (upload.digest !== digest) throw otherDigest()
        const bytes = await readSignedJson(request, upload, manifestBytesMax)
        assertKnownLicence(parseManifest(bytes).licence)
        assertCanonical(bytes)
        await storage.putManifest(digest, bytes)
        await manifests.addManifest(bytes)
        return { stored: digest }
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/keys/{digest}',
      summary:
        "Deposit a version's key, sealed to this operator. The whole content is opened and checked before the answer.",
      params: digestParams,
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [
        ...common,
        'content_missing',
        'nothing_to_deliver',
        'key_invalid',
        'key_store_damaged',
        'rows_invalid',
        'version_erased',
        'consent_withdrawn',
        'busy',
      ],
      async handle({ params: { digest }, request }) {
        const upload = await authenticateUpload(options, request, `keys/${digest}`)
        const bytes = await readSignedJson(request, upload, keyBytesMax)
        const { sealedKey } = parseWith(keyDepositSchema, parseStrictJson(bytes))
        await deposit({ digest, sealedKey, account: upload.account })
        return { stored: digest }
      },
    }),
  ]
}

async function storedManifest(storage: Storage, digest: Hex): Promise<Manifest> {
  const bytes = await storage.getManifest(digest)
  if (bytes === undefined) throw new AgoraiError('content_missing', 'The manifest was not uploaded.')
  return parseManifest(bytes)
}

type Deposit = { digest: Hex; sealedKey: Hex; account: Address }

/** Opens and records deposits, a few at a time. Copies of one that arrive together become one, with one answer. */
function createDeposit(options: UploadRoutesOptions) {
  const { memory, keyStore } = options
  // Opening a content keeps a core busy, and two reads of the disk at a time are enough.
  const gate = createGate({ runningMax: 2, waitingMax: 32 })
  // The account and the digest name the commitment, which only the manifest on the disk completes.
  const running = new Map<string, Promise<void>>()
  const recording = new Map<Hex, Promise<void>>()

  /** A key that opens the content is the only one that does, so an account's first good deposit stays. */
  async function keepOnce(facts: KeyFacts, secrets: ContentSecrets): Promise<void> {
    const { commitment } = facts
    if (memory.keyOf(commitment) !== undefined) return
    await shareWork(recording, commitment, async () => {
      // The key first: what the journal says was deposited can be delivered.
      await keyStore.put({ ...facts, secrets })
      await memory.record({ kind: 'key-deposited', ...facts })
    })
  }

  async function openAndRecord({ digest, sealedKey, account }: Deposit): Promise<void> {
    const manifest = requireContent(await storedManifest(options.storage, digest))
    const commitment = publicationCommitment(account, digest, contributorRootOf(manifest))
    const kept = await keyStore.get(commitment)
    if (kept !== undefined && isErased(kept))
      throw new AgoraiError('version_erased', 'This version was erased; it is not taken again.')
    if (memory.keyOf(commitment) !== undefined) return
    assertConsentsHold(memory.book, manifest)
    const secrets = await openSealed(options.keys.encryption.privateKey, sealedKey, depositAad(digest))
    await checkContent(options.storage, manifest, secrets)
    // That took its time.
    assertConsentsHold(memory.book, manifest)
    const { cid, bytes } = manifest.content
    await keepOnce({ commitment, manifestDigest: digest, cid, bytes, account }, secrets)
    // A withdrawal looks through the keys once it is written down; one that was written meanwhile is seen here.
    try {
      assertConsentsHold(memory.book, manifest)
    } catch (error) {
      await options.erase(commitment)
      throw error
    }
  }

  return (deposit: Deposit): Promise<void> => {
    const name = `${deposit.account}/${deposit.digest}/${deposit.sealedKey}`
    return shareWork(running, name, () => gate(() => openAndRecord(deposit)))
  }
}
