import { diffManifests, type Manifest, type ManifestDiff, type Version } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readManifest } from '../delivery/readManifest.js'
import { readVersion } from '../revenue/readVersion.js'

export type DiffVersionsParameters = { from: bigint; to: bigint }

export type DiffVersionsReturnType = {
  from: { version: Version; manifest: Manifest }
  to: { version: Version; manifest: Manifest }
  diff: ManifestDiff
}

/**
 * What a version says otherwise than another: its columns, how their values moved, rows, terms, contributors and licence.
 * Both manifests are checked against the chain. They may be of different assets. Who holds both contents compares them row by
 * row with `diffRows`.
 *
 * @throws AgoraiError `not_found`, `integrity_failed`, `node_unavailable`, `chain_unavailable`
 */
export async function diffVersions(
  client: AgoraiClient,
  { from, to }: DiffVersionsParameters,
): Promise<DiffVersionsReturnType> {
  const [before, after] = await Promise.all([readSide(client, from), readSide(client, to)])
  return { from: before, to: after, diff: diffManifests(before.manifest, after.manifest) }
}

async function readSide(client: AgoraiClient, id: bigint): Promise<{ version: Version; manifest: Manifest }> {
  const version = await readVersion(client, id)
  const { publisher, manifestDigest: digest } = version
  const { manifest } = await readManifest(client, { version: id, publisher, digest })
  return { version, manifest }
}
