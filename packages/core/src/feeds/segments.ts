import type { Hex } from 'viem'
import { z } from 'zod'
import { digestOfCid } from '../content/cid.js'
import { AgoraiError } from '../errors/AgoraiError.js'
import {
  addressSchema,
  bytes32Schema,
  cidSchema,
  hexSchema,
  sealedSecretsSchema,
  uintSchema,
  unixSchema,
} from '../http/primitives.js'
import { deliveryBodySchema } from '../http/schemas.js'
import { type FeedSegment, hashMessageOf, type SigningDomain } from '../signing/typedData.js'

/** Most rows of one segment: it is opened and checked while its publisher waits. */
export const segmentRowsMax = 1_000_000

const countSchema = z
  .number()
  .int()
  .min(0)
  .max(2 ** 48)

/** One more piece of a feed: JSON lines, sealed like a content whose id is `previous`. */
export const segmentSchema = z.strictObject({
  version: uintSchema,
  /** From 0, one more each. */
  sequence: countSchema,
  /** Digest of the segment before; zero for the first. */
  previous: bytes32Schema,
  /** Of the ciphertext. */
  cid: cidSchema,
  /** Length of the plaintext. */
  bytes: z.number().int().min(1),
  rows: z.number().int().min(1).max(segmentRowsMax),
  root: bytes32Schema,
  publishedAt: unixSchema,
})

export const signedSegmentSchema = z.strictObject({ segment: segmentSchema, signature: hexSchema })

/** Where a feed stands. */
export const feedSchema = z.strictObject({
  version: uintSchema,
  /** Who published the version: with the manifest's digest, what the chain's commitment is made of. Signs the segments. */
  publisher: addressSchema,
  manifestDigest: bytes32Schema,
  /** How many segments there are: the sequence of the next one. */
  head: countSchema,
  last: signedSegmentSchema.nullable(),
})

export const segmentListSchema = z.strictObject({
  version: uintSchema,
  head: countSchema,
  /** Ascending, from the sequence that was asked for. */
  segments: z.array(signedSegmentSchema),
})

/** A signed delivery request for the keys of a feed's days, from `fromDay` on: by default from the first. */
export const feedKeysRequestSchema = deliveryBodySchema.extend({
  fromDay: z
    .number()
    .int()
    .min(0)
    .max(2 ** 25)
    .optional(),
})

/** Keys of UTC days, sealed by HPKE to the delivery key: those of each day from `from` to `to`, both included. */
export const feedKeysSchema = z.strictObject({
  version: uintSchema,
  /** Null when there is no day yet that the holder may open. */
  days: z.strictObject({ from: z.number().int(), to: z.number().int() }).nullable(),
  /** Last day that the pass opens; null is every one. */
  lastDay: z.number().int().nullable(),
  sealedKeys: sealedSecretsSchema.nullable(),
})

export type Segment = z.infer<typeof segmentSchema>
export type SignedSegment = z.infer<typeof signedSegmentSchema>
export type Feed = z.infer<typeof feedSchema>
export type SegmentList = z.infer<typeof segmentListSchema>
export type FeedKeys = z.infer<typeof feedKeysSchema>

/** A segment as it is signed. */
export const toSegmentMessage = ({ cid, ...segment }: Segment): FeedSegment => ({
  version: BigInt(segment.version),
  sequence: BigInt(segment.sequence),
  previous: segment.previous,
  content: digestOfCid(cid),
  bytes: BigInt(segment.bytes),
  rows: BigInt(segment.rows),
  root: segment.root,
  publishedAt: BigInt(segment.publishedAt),
})

/** The digest that is signed, and that the next segment names as its `previous`. */
export const segmentDigest = (domain: SigningDomain, segment: Segment): Hex =>
  hashMessageOf(domain, 'FeedSegment', toSegmentMessage(segment))

/** Where a reader of a feed stands. */
export const feedPlaceSchema = z.strictObject({
  version: uintSchema,
  next: countSchema,
  previous: bytes32Schema,
  publishedAt: unixSchema,
})
export type FeedPlace = z.infer<typeof feedPlaceSchema>

export const feedStart = (version: bigint): FeedPlace => ({
  version: String(version),
  next: 0,
  previous: `0x${'0'.repeat(64)}`,
  publishedAt: 0,
})

/**
 * Goes one segment on.
 *
 * @throws AgoraiError `feed_broken` for a segment that does not follow: one is missing, or the feed has forked.
 */
export function followSegment(domain: SigningDomain, place: FeedPlace, segment: Segment): FeedPlace {
  if (segment.version !== place.version)
    throw broken(place, segment, `The segment is of version ${segment.version}, the feed of ${place.version}.`)
  if (segment.sequence !== place.next)
    throw broken(place, segment, `Segment ${place.next} is missing: the next one is ${segment.sequence}.`)
  if (segment.previous !== place.previous)
    throw broken(place, segment, `Segment ${segment.sequence} follows another one than was read: the feed has forked.`)
  if (segment.publishedAt < place.publishedAt)
    throw broken(place, segment, `Segment ${segment.sequence} is older than the one before it.`)
  return {
    version: place.version,
    next: segment.sequence + 1,
    previous: segmentDigest(domain, segment),
    publishedAt: segment.publishedAt,
  }
}

const broken = (place: FeedPlace, { sequence }: Segment, message: string): AgoraiError =>
  new AgoraiError('feed_broken', message, { details: { expected: place.next, sequence } })
