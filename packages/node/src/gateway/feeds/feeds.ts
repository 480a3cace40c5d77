import {
  AgoraiError,
  bytes32Schema,
  contributorRootOf,
  type Deployment,
  type ErrorCode,
  feedDayKeys,
  feedKeysRequestSchema,
  feedKeysSchema,
  feedSchema,
  hashMessageOf,
  keyDepositSchema,
  manifestCid,
  parseManifest,
  parseStrictJson,
  parseWith,
  partitionsMax,
  publicationCommitment,
  type SignedSegment,
  segmentListSchema,
  signedSegmentSchema,
  storedSchema,
  uintSchema,
  utcDayOf,
} from '@agorai/core'
import { depositAad, grantAad, openSealed, sealTo } from '@agorai/sdk'
import { getAddress, type Hex, isAddressEqual } from 'viem'
import { z } from 'zod'
import type { KeptKey, KeyStore } from '../../ports/keyStore.js'
import type { OperatorKeys } from '../../ports/keys.js'
import { authenticateUpload } from '../authenticateUpload.js'
import { createGate } from '../createGate.js'
import { type Route, route } from '../http/route.js'
import { commitmentOf } from '../readRegistry.js'
import { readSignedJson, uploadHeaders } from '../readSignedJson.js'
import { assertExpiry, assertOperator } from '../requests.js'
import { assertSignature } from '../signatures.js'
import { type AppendSegmentOptions, appendSegment } from './appendSegment.js'
import { feedKeyName, readFeedRight } from './feedKeys.js'
import { createLiveSegments } from './liveSegments.js'

export type FeedRoutesOptions = AppendSegmentOptions & {
  addresses: Deployment
  keys: OperatorKeys
  keyStore: KeyStore
  /** Ends what would not end by itself. */
  stopping: AbortSignal
}

const bodyBytesMax = 16 * 1024
const pageMax = 100
const versionParams = z.strictObject({ version: uintSchema })
const sequenceSchema = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'must be a whole number')
  .transform(Number)
const signed: readonly ErrorCode[] = [
  'signature_invalid',
  'request_expired',
  'wrong_operator',
  'not_found',
  'not_confirmed',
  'version_erased',
  'chain_unavailable',
]

/** Feeds: what was appended, for everyone; keys of its days, for who has a pass; appending, for the publisher. */
export function feedRoutes(options: FeedRoutesOptions): Route[] {
  const { memory, storage, keys, keyStore } = options
  // A feed grows at one end: one segment at a time.
  const tellLive = createLiveSegments(memory)
  const gates = new Map<string, ReturnType<typeof createGate>>()
  const gateOf = (version: string) => {
    const known = gates.get(version) ?? createGate({ runningMax: 1, waitingMax: 16 })
    gates.set(version, known)
    return known
  }
  /** The master key of a feed, and who published it. */
  async function feedOf(version: string): Promise<KeptKey> {
    const kept = await keyStore.get(feedKeyName(await commitmentOf(options, BigInt(version))))
    if (kept === undefined) throw new AgoraiError('not_found', 'This operator keeps no such feed.')
    return kept
  }

  return [
    route({
      method: 'put',
      path: '/api/v1/feed-keys/{digest}',
      summary: "Deposit a feed's master key, sealed to this operator, who never hands it on.",
      params: z.strictObject({ digest: bytes32Schema }),
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [...signed, 'content_missing', 'nothing_to_deliver', 'key_invalid', 'length_mismatch', 'storage_full'],
      async handle({ params: { digest }, request }) {
        const upload = await authenticateUpload(options, request, `feed-keys/${digest}`)
        const bytes = await readSignedJson(request, upload, bodyBytesMax)
        const { sealedKey } = parseWith(keyDepositSchema, parseStrictJson(bytes))
        const stored = await storage.getManifest(digest)
        if (stored === undefined) throw new AgoraiError('content_missing', 'The manifest was not uploaded.')
        const manifest = parseManifest(stored)
        if (manifest.feed === undefined)
          throw new AgoraiError('nothing_to_deliver', 'The manifest is not that of a feed.')
        const secrets = await openSealed(keys.encryption.privateKey, sealedKey, depositAad(digest))
        if (secrets.length !== 1) throw new AgoraiError('key_invalid', 'A feed has one master key.')
        const commitment = publicationCommitment(upload.account, digest, contributorRootOf(manifest))
        const facts = { manifestDigest: digest, cid: manifestCid(stored), bytes: stored.length }
        await keyStore.put({ commitment: feedKeyName(commitment), ...facts, account: upload.account, secrets })
        return { stored: digest }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/feeds/{version}',
      summary: 'Where a feed stands.',
      params: versionParams,
      response: feedSchema,
      errors: ['not_found', 'not_confirmed', 'chain_unavailable'],
      async handle({ params: { version } }) {
        const { account, manifestDigest } = await feedOf(version)
        await memory.catchUp()
        const segments = memory.feeds.segmentsOf(version)
        return { version, publisher: account, manifestDigest, head: segments.length, last: segments.at(-1) ?? null }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/feeds/{version}/segments',
      summary: 'The segments of a feed in order; their ciphertext is content, by its CID.',
      params: versionParams,
      query: z.strictObject({ from: sequenceSchema.optional(), limit: sequenceSchema.optional() }),
      response: segmentListSchema,
      errors: [],
      async handle({ params: { version }, query: { from = 0, limit = pageMax } }) {
        await memory.catchUp()
        const segments = memory.feeds.segmentsOf(version)
        return { version, head: segments.length, segments: segments.slice(from, from + Math.min(limit, pageMax)) }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/feeds/{version}/live',
      summary: 'Segments as they are appended, as server-sent events of the kind `segment`.',
      params: versionParams,
      query: z.strictObject({ from: sequenceSchema.optional() }),
      rawResponse: 'text/event-stream',
      errors: ['busy'],
      handle: async ({ params: { version }, query, request }) =>
        tellLive({ version, from: query.from, signal: AbortSignal.any([request.signal, options.stopping]) }),
    }),
    route({
      method: 'put',
      path: '/api/v1/feeds/{version}/segments/{sequence}',
      summary: 'Append a segment whose ciphertext was uploaded as content. The same again changes nothing.',
      params: versionParams.extend({ sequence: sequenceSchema }),
      headers: uploadHeaders,
      rawBody: 'application/json',
      response: storedSchema,
      errors: [
        ...signed,
        'segment_refused',
        'not_owner',
        'content_missing',
        'key_invalid',
        'rows_invalid',
        'digest_mismatch',
        'length_mismatch',
        'storage_full',
        'busy',
      ],
      async handle({ params: { version, sequence }, request }) {
        const upload = await authenticateUpload(options, request, `feeds/${version}/segments/${sequence}`)
        const bytes = await readSignedJson(request, upload, bodyBytesMax)
        const body = parseWith(signedSegmentSchema, parseStrictJson(bytes))
        if (body.segment.version !== version || body.segment.sequence !== sequence)
          throw new AgoraiError('signature_invalid', 'The segment has another place.', { field: 'segment' })
        const kept = await feedOf(version)
        if (!isAddressEqual(kept.account, upload.account))
          throw new AgoraiError('not_owner', 'Only the publisher of the version appends to its feed.')
        await gateOf(version)(async () => {
          await memory.catchUp()
          await appendSegment(options, { signed: body, kept })
        })
        return { stored: String(sequence) }
      },
    }),
    route({
      method: 'post',
      path: '/api/v1/feeds/{version}/keys',
      summary:
        "Keys of a feed's days, sealed to a delivery key: all days that the pass opens, as far as they have begun.",
      params: versionParams,
      body: feedKeysRequestSchema,
      response: feedKeysSchema,
      errors: [...signed, 'entitlement_missing', 'key_invalid', 'storage_full'],
      handle: ({ params: { version }, body }) => grantDays(options, { version, body, feedOf }),
    }),
  ]
}

async function grantDays(
  options: FeedRoutesOptions,
  parameters: {
    version: string
    body: z.output<typeof feedKeysRequestSchema>
    feedOf: (version: string) => Promise<KeptKey>
  },
): Promise<z.input<typeof feedKeysSchema>> {
  const { chain, domain, operator, memory, addresses } = options
  const { version, body, feedOf } = parameters
  const { request } = body
  if (request.version !== version)
    throw new AgoraiError('signature_invalid', 'The signed request names another version.', {
      field: 'request.version',
    })
  assertOperator(request.operator, operator)
  const message = { ...request, version: BigInt(version), expiry: BigInt(request.expiry) }
  assertExpiry(message.expiry)
  const requestDigest = hashMessageOf(domain, 'DeliveryRequest', message)
  const holder = getAddress(request.holder)
  await assertSignature(chain.publicClient, { account: holder, hash: requestDigest, signature: body.signature })
  const kept = await feedOf(version)
  const offer = body.offer === undefined ? undefined : BigInt(body.offer)
  const question = { version: message.version, holder, publisher: kept.account, offer }
  const { lastDay } = await readFeedRight(chain, addresses, question)
  const [master] = kept.secrets
  if (master === null || master === undefined) throw new AgoraiError('version_erased', 'The key of this feed is gone.')
  await memory.catchUp()
  const days = daysOf(memory.feeds.segmentsOf(version), { lastDay, fromDay: body.fromDay })
  const { nonce } = request
  await memory.record({ kind: 'feed-keys-granted', holder, nonce, requestDigest, version, days })
  if (days === null) return { version, days, lastDay, sealedKeys: null }
  const keysOfDays = Array.from({ length: days.to - days.from + 1 }, (_, place) =>
    feedDayKeys(master, days.from + place),
  )
  const aad = grantAad({ version: message.version, holder, manifestDigest: kept.manifestDigest })
  return { version, days, lastDay, sealedKeys: await sealTo(request.deliveryKey as Hex, keysOfDays, aad) }
}

/** The days from the feed's first, or the one asked for, to today, as far as the pass goes. */
function daysOf(
  segments: readonly SignedSegment[],
  { lastDay, fromDay }: { lastDay: number | null; fromDay: number | undefined },
): { from: number; to: number } | null {
  const today = utcDayOf(Math.floor(Date.now() / 1000))
  const first = segments[0] === undefined ? today : utcDayOf(segments[0].segment.publishedAt)
  const from = Math.max(first, fromDay ?? first)
  const to = Math.min(today, lastDay ?? today, from + partitionsMax - 1)
  return from > to ? null : { from, to }
}
