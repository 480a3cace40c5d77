import {
  AgoraiError,
  feedDayKeys,
  feedStart,
  followSegment,
  importContentKey,
  isAgoraiError,
  openContent,
  type PartitionSecrets,
  type SignedSegment,
  type SigningDomain,
  sealedBytes,
  segmentDigest,
  segmentSecrets,
  utcDayOf,
} from '@agorai/core'
import { measureRows } from '@agorai/sdk'
import type { SegmentAppended } from '../../ports/feedRecords.js'
import type { KeptKey } from '../../ports/keyStore.js'
import type { Storage } from '../../ports/storage.js'
import type { Uploader } from '../authenticateUpload.js'
import type { Memory } from '../memory.js'
import { assertSignature } from '../signatures.js'

export type AppendSegmentOptions = Uploader & { storage: Storage; memory: Memory }

/** How far a publisher's clock may be from this one. */
const skewSeconds = 3_600

/**
 * Appends a segment to its feed, once everything about it is right: its place, its time, the publisher's signature, and the
 * rows that its key opens. What is appended stays: the same again changes nothing, another one in its place is refused.
 *
 * @param kept The feed's master key, and who published the feed.
 * @throws AgoraiError what is wrong; nothing is appended then.
 */
export async function appendSegment(
  options: AppendSegmentOptions,
  { signed, kept }: { signed: SignedSegment; kept: KeptKey },
): Promise<void> {
  const { chain, domain, memory } = options
  const { segment, signature } = signed
  const segments = memory.feeds.segmentsOf(segment.version)
  const there = segments[segment.sequence]
  if (there !== undefined) return assertSame(domain, there, signed)
  assertFollows(domain, segments, signed)
  if (Math.abs(Date.now() / 1000 - segment.publishedAt) > skewSeconds)
    throw refuse('A segment is handed in within an hour of its time.', 'segment.publishedAt')
  const hash = segmentDigest(domain, segment)
  await assertSignature(chain.publicClient, { account: kept.account, hash, signature })
  const [master] = kept.secrets
  if (master === null || master === undefined) throw new AgoraiError('version_erased', 'The key of this feed is gone.')
  await checkRows(options.storage, signed, master)
  const standing = await memory.record<SegmentAppended>({ kind: 'segment-appended', signed })
  // Another gateway of this operator may have been handed another one at the same moment.
  assertSame(domain, standing.signed, signed)
}

function assertSame(domain: SigningDomain, there: SignedSegment, { segment }: SignedSegment): void {
  if (segmentDigest(domain, there.segment) !== segmentDigest(domain, segment))
    throw refuse(`Segment ${segment.sequence} is another one.`, 'segment.sequence')
}

function assertFollows(domain: SigningDomain, segments: readonly SignedSegment[], { segment }: SignedSegment): void {
  const last = segments.at(-1)?.segment
  const place =
    last === undefined
      ? feedStart(BigInt(segment.version))
      : {
          version: last.version,
          next: last.sequence + 1,
          previous: segmentDigest(domain, last),
          publishedAt: last.publishedAt,
        }
  try {
    followSegment(domain, place, segment)
  } catch (cause) {
    if (!isAgoraiError(cause, 'feed_broken')) throw cause
    throw refuse(cause.shortMessage, 'segment.previous')
  }
}

async function checkRows(storage: Storage, { segment }: SignedSegment, master: PartitionSecrets): Promise<void> {
  const { cid, bytes, sequence, root, previous } = segment
  const stored = await storage.contentBytes(cid)
  if (stored === undefined)
    throw new AgoraiError('content_missing', 'The ciphertext was not uploaded.', { field: 'segment.cid' })
  if (stored !== sealedBytes(bytes))
    throw new AgoraiError('length_mismatch', `${stored} bytes are stored.`, { field: 'segment.bytes' })
  const secrets = segmentSecrets(feedDayKeys(master, utcDayOf(segment.publishedAt)), { sequence, root })
  const key = await importContentKey(secrets.contentKey)
  const content = openContent({ key, contentId: previous, ciphertext: storage.readContent(cid) })
  const measured = await measureRows({
    rowFormat: 'jsonl',
    content,
    secrets: [secrets],
    partitionBytes: [bytes],
  }).catch((error: unknown) => {
    if (!isAgoraiError(error, 'integrity_failed')) throw error
    throw new AgoraiError('key_invalid', "The day's key does not open the segment.", { cause: error })
  })
  if (measured.rows !== segment.rows)
    throw new AgoraiError('length_mismatch', `There are ${measured.rows} rows.`, { field: 'segment.rows' })
  if (measured.root !== root)
    throw new AgoraiError('digest_mismatch', 'The rows have another root.', { field: 'segment.root' })
}

const refuse = (message: string, field: string): AgoraiError => new AgoraiError('segment_refused', message, { field })
