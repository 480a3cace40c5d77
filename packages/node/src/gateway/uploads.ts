import {
  AgoraiError,
  bytes32Schema,
  cidSchema,
  contributorRootOf,
  digestOfCid,
  type ErrorCode,
  keyDepositSchema,
  type Manifest,
  manifestBytesMax,
  manifestDigest,
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
import type { KeyDeposited } from '../ports/journal.js'
import type { OperatorKeys } from '../ports/keys.js'
import type { ManifestIndex } from '../ports/manifests.js'
import type { Storage } from '../ports/storage.js'
import { authenticateUpload, type Upload, type Uploader } from './authenticateUpload.js'
import { checkContent } from './checkContent.js'
import { createGate } from './createGate.js'
import { assertContentType, readBytes, readStream } from './http/readBody.js'
import { type Route, route } from './http/route.js'
import type { Memory } from './memory.js'

export type UploadRoutesOptions = Uploader & {
  storage: Storage
  memory: Memory
  manifests: ManifestIndex
  keys: OperatorKeys
  contentBytesMax: number
}

const keyBytesMax = 16 * 1024
const digestParams = z.strictObject({ digest: bytes32Schema })
const headers = {
  'agorai-request': 'The signed upload request: JSON of UploadRequest in base64url.',
  'agorai-signature': 'Its EIP-712 signature by the account.',
}
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
 * What a seller brings, in this order: the content, its manifest, its key. Each is whole or not there, and may be repeated.
 * A version without a content has a manifest only.
 */
export function uploadRoutes(options: UploadRoutesOptions): Route[] {
  const { storage, manifests, contentBytesMax } = options
  const deposit = createDeposit(options)
  // A slow sender keeps its place for as long as its bytes may take.
  const receive = createGate({ runningMax: 8, waitingMax: 0 })

  return [
    route({
      method: 'put',
      path: '/api/v1/content/{cid}',
      summary: 'Upload ciphertext.',
      params: z.strictObject({ cid: cidSchema }),
      headers,
      rawBody: 'application/octet-stream',
      response: storedSchema,
      errors: [...common, 'busy'],
      async handle({ params: { cid }, request }) {
        assertContentType(request, 'application/octet-stream')
        const { bytes, digest } = await authenticateUpload(options, request, `content/${cid}`)
        if (digest !== digestOfCid(cid)) throw otherDigest()
        if (bytes > contentBytesMax)
          throw new AgoraiError('payload_too_large', `Content has at most ${contentBytesMax} bytes here.`, {
            details: { contentBytesMax },
          })
        await receive(() => storage.putContent(cid, bytes, readStream(request, bytes)))
        return { stored: cid }
      },
    }),
    route({
      method: 'put',
      path: '/api/v1/manifests/{digest}',
      summary: 'Upload the exact bytes of a manifest.',
      params: digestParams,
      headers,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [...common, 'manifest_invalid', 'unsafe_name'],
      async handle({ params: { digest }, request }) {
        const upload = await authenticateUpload(options, request, `manifests/${digest}`)
        if (upload.digest !== digest) throw otherDigest()
        const bytes = await readJsonBytes(request, upload, manifestBytesMax)
        parseManifest(bytes)
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
      headers,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [...common, 'content_missing', 'nothing_to_deliver', 'key_invalid', 'rows_invalid', 'busy'],
      async handle({ params: { digest }, request }) {
        const upload = await authenticateUpload(options, request, `keys/${digest}`)
        const bytes = await readJsonBytes(request, upload, keyBytesMax)
        const { sealedKey } = parseWith(keyDepositSchema, parseStrictJson(bytes))
        await deposit({ digest, sealedKey, account: upload.account })
        return { stored: digest }
      },
    }),
  ]
}

async function readJsonBytes(request: Request, upload: Upload, bytesMax: number): Promise<Uint8Array> {
  assertContentType(request, 'application/json')
  const bytes = await readBytes(request, bytesMax)
  if (bytes.length !== upload.bytes)
    throw new AgoraiError('length_mismatch', 'The body has another length than the signed request states.')
  if (manifestDigest(bytes) !== upload.digest) throw otherDigest()
  return bytes
}

async function storedManifest(storage: Storage, digest: Hex): Promise<Manifest> {
  const bytes = await storage.getManifest(digest)
  if (bytes === undefined) throw new AgoraiError('content_missing', 'The manifest was not uploaded.')
  return parseManifest(bytes)
}

type Deposit = { digest: Hex; sealedKey: Hex; account: Address }

/** Opens and records deposits, a few at a time. Copies of one that arrive together become one, with one answer. */
function createDeposit(options: UploadRoutesOptions) {
  const { memory } = options
  // Opening a content keeps a core busy, and two reads of the disk at a time are enough.
  const gate = createGate({ runningMax: 2, waitingMax: 32 })
  // The account and the digest name the commitment, which only the manifest on the disk completes.
  const running = new Map<string, Promise<void>>()
  const recording = new Map<Hex, Promise<void>>()

  /** A key that opens the content is the only one that does, so an account's first good deposit stays. */
  async function recordOnce(record: KeyDeposited): Promise<void> {
    const { commitment } = record
    if (memory.keyOf(commitment) !== undefined) return
    await shareWork(recording, commitment, () => memory.record(record))
  }

  async function openAndRecord({ digest, sealedKey, account }: Deposit): Promise<void> {
    const manifest = requireContent(await storedManifest(options.storage, digest))
    const commitment = publicationCommitment(account, digest, contributorRootOf(manifest))
    if (memory.keyOf(commitment) !== undefined) return
    const secrets = await openSealed(options.keys.encryption.privateKey, sealedKey, depositAad(digest))
    await checkContent(options.storage, manifest, secrets)
    const { cid, bytes } = manifest.content
    await recordOnce({ kind: 'key-deposited', manifestDigest: digest, commitment, cid, bytes, sealedKey, account })
  }

  return (deposit: Deposit): Promise<void> => {
    const name = `${deposit.account}/${deposit.digest}/${deposit.sealedKey}`
    return shareWork(running, name, () => gate(() => openAndRecord(deposit)))
  }
}

/** Starts work under a name, unless it is under way there: then its outcome, good or bad, is everybody's. */
function shareWork<name>(underWay: Map<name, Promise<void>>, name: name, start: () => Promise<void>): Promise<void> {
  const known = underWay.get(name)
  if (known !== undefined) return known
  const work = start().finally(() => underWay.delete(name))
  underWay.set(name, work)
  return work
}

const otherDigest = (): AgoraiError =>
  new AgoraiError('digest_mismatch', 'The body does not have the digest that was signed.', { field: 'request.digest' })
