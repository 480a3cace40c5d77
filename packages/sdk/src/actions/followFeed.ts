import {
  AgoraiError,
  type FeedPlace,
  feedStart,
  followSegment,
  importContentKey,
  isAgoraiError,
  openContent,
  type Segment,
  type SignedSegment,
  sealedBytes,
  segmentDigest,
  segmentListSchema,
  segmentSecrets,
  toSegmentMessage,
  toTypedData,
  utcDayOf,
} from '@agorai/core'
import type { Address } from 'viem'
import { isAddressEqual, recoverAddress } from 'viem/utils'
import { createMeter } from '../content/createMeter.js'
import { measureRows } from '../content/measureRows.js'
import { signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { createDayKeys, type DayKeys } from '../feeds/dayKeys.js'
import { findFeedOffer } from '../feeds/findFeedOffer.js'
import { liveSegments } from '../feeds/liveSegments.js'
import { readFeed } from '../feeds/readFeed.js'
import { readContent } from '../http/readContent.js'

export type FollowFeedParameters = {
  version: bigint
  /** Where a reader stopped before. Default: the feed's beginning. */
  place?: FeedPlace | undefined
  /** The offer whose pass entitles the account. Default: found; the owner and the publisher need none. */
  offer?: bigint | undefined
  /** Whether to wait for what is appended later. Default: end with what there is now. */
  live?: boolean | undefined
  /** Ends the following. */
  signal?: AbortSignal | undefined
}

export type FollowedSegment = {
  segment: Segment
  /** Where to go on from, for a later call. */
  place: FeedPlace
  /**
   * Downloads, decrypts and checks the rows, as JSON lines. What was read counts only when the iteration ends without an
   * error. It may be called again.
   *
   * @throws AgoraiError `entitlement_missing` for a segment that was published after the pass ended
   */
  rows(): AsyncGenerator<Uint8Array>
}

const pageRows = 100
const retryDelayMs = 500
const retriesMax = 20

/**
 * Follows a feed segment by segment: first what there is, page by page, then what is appended. Each segment is checked: it
 * is signed by the publisher that the chain names, and follows the one before it, so nothing is missing, twice, or other
 * than others were told. A connection that breaks is taken up again.
 *
 * @throws AgoraiError `feed_broken` for a gap or a fork, `signature_invalid`, `not_found`, `node_unavailable`
 */
export async function* followFeed(
  client: AgoraiClient,
  parameters: FollowFeedParameters,
): AsyncGenerator<FollowedSegment> {
  const { version, live = false, signal } = parameters
  const { publisher, manifestDigest } = await readFeed(client, version)
  const offer = parameters.offer ?? (await findFeedOffer(client, version))
  const dayKeys = createDayKeys(client, { version, manifestDigest, offer })
  const domain = signingDomainOf(client)
  let place = parameters.place ?? feedStart(version)

  const isEnded = () => signal?.aborted === true
  for (let failures = 0; !isEnded(); ) {
    try {
      const next = live ? tail(client, version, place.next) : pages(client, version, place.next)
      for await (const signed of next) {
        if (isEnded()) return
        await assertPublished(client, publisher, signed)
        place = followSegment(domain, place, signed.segment)
        failures = 0
        yield { segment: signed.segment, place, rows: () => openRows(client, dayKeys, signed.segment) }
      }
      if (!live) return
    } catch (error) {
      if (!isAgoraiError(error, 'node_unavailable') || ++failures > retriesMax) throw error
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs))
    }
  }
}

/** What there is from a sequence on. */
async function* pages(client: AgoraiClient, version: bigint, from: number): AsyncGenerator<SignedSegment> {
  for (let next = from; ; ) {
    const { segments, head } = await client.http.json(segmentListSchema, {
      path: `api/v1/feeds/${version}/segments`,
      query: { from: next, limit: pageRows },
    })
    yield* segments
    next += segments.length
    if (segments.length === 0 || next >= head) return
  }
}

/** What there is, and then what comes. */
async function* tail(client: AgoraiClient, version: bigint, from: number): AsyncGenerator<SignedSegment> {
  let next = from
  for await (const signed of pages(client, version, from)) {
    next = signed.segment.sequence + 1
    yield signed
  }
  yield* liveSegments(client, { version, from: next })
}

async function assertPublished(client: AgoraiClient, publisher: Address, signed: SignedSegment): Promise<void> {
  const { segment, signature } = signed
  const domain = signingDomainOf(client)
  const hash = segmentDigest(domain, segment)
  const signer = await recoverAddress({ hash, signature }).catch(() => undefined)
  if (signer !== undefined && isAddressEqual(signer, publisher)) return
  const document = toTypedData(domain, 'FeedSegment', toSegmentMessage(segment))
  if (await client.publicClient.verifyTypedData({ ...document, address: publisher, signature })) return
  throw new AgoraiError('signature_invalid', `Segment ${segment.sequence} is not signed by the publisher.`, {
    field: 'signature',
  })
}

async function* openRows(client: AgoraiClient, dayKeys: DayKeys, segment: Segment): AsyncGenerator<Uint8Array> {
  const { sequence, root, previous, cid, bytes, rows } = segment
  const secrets = segmentSecrets(await dayKeys(utcDayOf(segment.publishedAt)), { sequence, root })
  const key = await importContentKey(secrets.contentKey)
  const ciphertext = readContent(client.http, cid, sealedBytes(bytes))
  const meter = createMeter((content) =>
    measureRows({ rowFormat: 'jsonl', content, secrets: [secrets], partitionBytes: [bytes] }),
  )
  yield* meter.pass(openContent({ key, contentId: previous, ciphertext }))
  const measured = await meter.result()
  if (measured.root !== root || measured.rows !== rows)
    throw new AgoraiError('integrity_failed', `Segment ${sequence} does not hold the rows that were signed.`, {
      field: 'segment.root',
    })
}
