import type { SignedSegment } from '@agorai/core'
import type { Address, Hex } from 'viem'

/** A segment was opened, compared with what its publisher signed, and appended to its feed. */
export type SegmentAppended = { kind: 'segment-appended'; signed: SignedSegment }

/** A holder was given keys of a feed's days. The same request again is answered by the same days. */
export type FeedKeysGranted = {
  kind: 'feed-keys-granted'
  holder: Address
  nonce: Hex
  requestDigest: Hex
  version: string
  days: { from: number; to: number } | null
}

export type FeedJournalRecord = SegmentAppended | FeedKeysGranted
