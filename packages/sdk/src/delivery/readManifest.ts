import {
  AgoraiError,
  assertCanonical,
  contributorRootOf,
  type Manifest,
  manifestDigest,
  parseManifest,
  publicationCommitment,
} from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'

const manifestBytesMax = 4 * 1024 * 1024

/**
 * The manifest of a version, checked against the chain: its bytes have the digest, and the registry committed to that
 * digest, to the publisher, and to the contributor root that follows from the manifest.
 *
 * @throws AgoraiError `integrity_failed`, `not_found`, `node_unavailable`, `chain_unavailable`
 */
export async function readManifest(
  client: AgoraiClient,
  { version, publisher, digest }: { version: bigint; publisher: Address; digest: Hex },
): Promise<{ manifest: Manifest; manifestBytes: Uint8Array }> {
  const manifestBytes = await client.http.bytes({ path: `api/v1/manifests/${digest}` }, manifestBytesMax)
  if (manifestDigest(manifestBytes) !== digest)
    throw new AgoraiError('integrity_failed', 'The manifest that the node sent has another digest.', {
      field: 'manifest',
    })
  const manifest = parseManifest(manifestBytes)
  assertCanonical(manifestBytes)
  await assertCommitted(client, { version, publisher, manifest, digest })
  return { manifest, manifestBytes }
}

/** @throws AgoraiError `integrity_failed` when the chain committed to something else under this version. */
export async function assertCommitted(
  client: ChainClient,
  { version, publisher, manifest, digest }: { version: bigint; publisher: Address; manifest: Manifest; digest: Hex },
): Promise<void> {
  const committed = await readContract(client, {
    ...registryOf(client),
    functionName: 'commitmentOf',
    args: [version],
  })
  if (committed !== publicationCommitment(publisher, digest, contributorRootOf(manifest)))
    throw new AgoraiError('integrity_failed', `The chain committed to another manifest under version ${version}.`, {
      field: 'manifest',
    })
}
