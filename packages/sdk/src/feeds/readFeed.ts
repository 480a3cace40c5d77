import { type Feed, feedSchema, type Manifest } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readManifest } from '../delivery/readManifest.js'
import { untilConfirmed } from '../http/untilConfirmed.js'

/**
 * Where a feed stands, with its manifest and its publisher checked against the chain.
 *
 * @throws AgoraiError `not_found`, `integrity_failed`, `node_unavailable`, `chain_unavailable`
 */
export async function readFeed(client: AgoraiClient, version: bigint): Promise<Feed & { manifest: Manifest }> {
  const ask = () => client.http.json(feedSchema, { path: `api/v1/feeds/${version}` })
  const feed = await untilConfirmed(client, { ask })
  const { publisher, manifestDigest: digest } = feed
  const { manifest } = await readManifest(client, { version, publisher, digest })
  return { ...feed, manifest }
}
