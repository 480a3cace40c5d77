import {
  feedStart,
  importContentKey,
  type Segment,
  type SignedSegment,
  sealContent,
  sealedBytes,
  segmentDigest,
  segmentSaltSeed,
  segmentSecrets,
  toSegmentMessage,
  toTypedData,
  utcDayOf,
} from '@agorai/core'
import { sha256 } from 'viem/utils'
import { computeContentCid } from '../content/contentCid.js'
import { measureRows } from '../content/measureRows.js'
import { skipBytes } from '../content/readStream.js'
import { toCanonicalSource } from '../contributions/jsonLines.js'
import { signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { createDayKeys } from '../feeds/dayKeys.js'
import { readFeed } from '../feeds/readFeed.js'
import { untilConfirmed } from '../http/untilConfirmed.js'
import type { ContentSource } from '../publishing/measureContent.js'
import { uploadContent } from '../publishing/uploadContent.js'
import { uploadSigned } from '../publishing/uploadSigned.js'
import { signMessage } from '../transactions/signMessage.js'

export type AppendSegmentParameters = {
  /** A version of a feed that the client's account published. */
  version: bigint
  /** What is appended: JSON lines. */
  rows: Pick<ContentSource, 'stream'>
}

export type AppendSegmentReturnType = { sequence: number; rows: number; cid: string; publishedAt: number }

/**
 * Appends rows to a feed as its next segment: seals them under a key of the day, uploads them, and signs the segment, which
 * names the one before it. What was appended stays.
 *
 * @throws AgoraiError `rows_invalid` with the line, `not_owner`, `segment_refused` when another segment came first,
 * `node_unavailable`, `wallet_declined`
 */
export async function appendSegment(
  client: AgoraiClient,
  { version, rows }: AppendSegmentParameters,
): Promise<AppendSegmentReturnType> {
  const { last, manifestDigest } = await readFeed(client, version)
  const domain = signingDomainOf(client)
  const before = last?.segment
  const place = {
    sequence: before === undefined ? 0 : before.sequence + 1,
    previous: before === undefined ? feedStart(version).previous : segmentDigest(domain, before),
    publishedAt: Math.max(Math.floor(Date.now() / 1000), before?.publishedAt ?? 0),
  }
  const dayKeys = await createDayKeys(client, { version, manifestDigest, offer: undefined })(
    utcDayOf(place.publishedAt),
  )
  const source = await toCanonicalSource({ ...rows, fileName: 'rows.jsonl' })
  const seed = segmentSaltSeed(dayKeys, place.sequence)
  const measured = await measureRows({
    rowFormat: 'jsonl',
    content: source.stream(),
    secrets: [{ contentKey: seed, saltSeed: seed }],
    partitionBytes: [source.bytes],
  })
  const { root } = measured
  const key = await importContentKey(segmentSecrets(dayKeys, { sequence: place.sequence, root }).contentKey)
  const sealed = () => sealContent({ key, contentId: place.previous, plaintext: source.stream() })
  const cid = await computeContentCid(sealed())
  const segment: Segment = { version: String(version), ...place, cid, bytes: source.bytes, rows: measured.rows, root }
  await uploadContent(client, {
    cid,
    bytes: sealedBytes(source.bytes),
    sealed: (start) => skipBytes(sealed(), start),
  })
  const signature = await signMessage(client, toTypedData(domain, 'FeedSegment', toSegmentMessage(segment)))
  const signed: SignedSegment = { segment, signature }
  const body = new TextEncoder().encode(JSON.stringify(signed))
  const ask = () =>
    uploadSigned(client, {
      resource: `feeds/${version}/segments/${segment.sequence}`,
      bytes: body.length,
      digest: sha256(body),
      mediaType: 'application/json',
      body: () => body,
    })
  await untilConfirmed(client, { ask })
  return { sequence: segment.sequence, rows: segment.rows, cid, publishedAt: segment.publishedAt }
}
