import { contributorLeavesOf, contributorRootOf, createContributorTree, type Manifest } from '@agorai/core'
import type { Address, Hex } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readManifest } from '../delivery/readManifest.js'
import { readVersion } from './readVersion.js'

/** What the ledger takes as proof of a contributor's weight, or of a member's in a collection. */
export type ContributionProof = {
  version: bigint
  publisher: Address
  manifestDigest: Hex
  contributorRoot: Hex
  /** Of a member, its version's id as an address. */
  account: Address
  weight: bigint
  path: bigint
  proof: readonly Hex[]
  /** First unit of its interval of weight. The proof says so too. */
  start: bigint
}

/** The proofs of all contributors or members of a version, from a manifest that is known to be its own. */
export function proveContributions(
  manifest: Manifest,
  { version, publisher, manifestDigest }: Pick<ContributionProof, 'version' | 'publisher' | 'manifestDigest'>,
): ContributionProof[] {
  const contributorRoot = contributorRootOf(manifest)
  const { contributions } = createContributorTree(contributorLeavesOf(manifest))
  return contributions.map((contribution) => ({
    version,
    publisher,
    manifestDigest,
    contributorRoot,
    ...contribution,
  }))
}

/** The same from the node's copy of the manifest, which is checked against the chain. */
export async function buildContributions(client: AgoraiClient, version: bigint): Promise<ContributionProof[]> {
  const { publisher, manifestDigest } = await readVersion(client, version)
  const { manifest } = await readManifest(client, { version, publisher, digest: manifestDigest })
  return proveContributions(manifest, { version, publisher, manifestDigest })
}
