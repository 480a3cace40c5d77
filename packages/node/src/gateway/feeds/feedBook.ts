import type { SignedSegment } from '@agorai/core'
import type { FeedJournalRecord } from '../../ports/feedRecords.js'

/** The segments of all feeds, rebuilt from the journal at each start. */
export type FeedBook = {
  remember(record: FeedJournalRecord): void
  /** All segments of a version, in order. */
  segmentsOf(version: string): readonly SignedSegment[]
  /** CIDs of the ciphertext of all segments. */
  cids(): Iterable<string>
}

export function createFeedBook(): FeedBook {
  const feeds = new Map<string, SignedSegment[]>()
  return {
    remember(record) {
      if (record.kind !== 'segment-appended') return
      const { version } = record.signed.segment
      const segments = feeds.get(version) ?? []
      segments.push(record.signed)
      feeds.set(version, segments)
    },
    segmentsOf: (version) => feeds.get(version) ?? [],
    *cids() {
      for (const segments of feeds.values()) for (const { segment } of segments) yield segment.cid
    },
  }
}
