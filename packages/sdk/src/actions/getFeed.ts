import { type Feed, type SignedSegment, segmentListSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readFeed } from '../feeds/readFeed.js'

export type GetFeedParameters = {
  version: bigint
  /** How many of the last segments are told, at most 100. Default 10. */
  lastMax?: number | undefined
}
export type GetFeedReturnType = Feed & {
  /** The last segments, oldest first. */
  segments: SignedSegment[]
}

/**
 * Where a feed stands, and its last segments. What they hold is for who has a pass: see `followFeed`.
 *
 * @throws AgoraiError `not_found`, `integrity_failed`, `node_unavailable`, `chain_unavailable`
 */
export async function getFeed(
  client: AgoraiClient,
  { version, lastMax = 10 }: GetFeedParameters,
): Promise<GetFeedReturnType> {
  const { manifest: _, ...feed } = await readFeed(client, version)
  const { segments } = await client.http.json(segmentListSchema, {
    path: `api/v1/feeds/${version}/segments`,
    query: { from: Math.max(0, feed.head - lastMax), limit: lastMax },
  })
  return { ...feed, segments }
}
