import {
  AgoraiError,
  contributorLeavesOf,
  contributorRootOf,
  createContributorTree,
  type Entitlement,
} from '@agorai/core'
import type { Address, Hex } from 'viem'
import { getAsset } from '../actions/getAsset.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readManifest } from '../delivery/readManifest.js'
import { assetOfVersion } from './assetOfVersion.js'

/** What the ledger takes as proof of a contributor's weight. */
export type ContributionProof = {
  version: bigint
  publisher: Address
  manifestDigest: Hex
  contributorRoot: Hex
  account: Address
  weight: bigint
  path: bigint
  proof: readonly Hex[]
}

/** The proofs of contributors, built again from the manifest of each version, which is checked against the chain. */
export async function buildContributions(
  client: AgoraiClient,
  entitlements: readonly Entitlement[],
): Promise<ContributionProof[]> {
  const versions = [...new Set(entitlements.map(({ version }) => version))]
  const proofs: ContributionProof[] = []
  for (const version of versions) {
    const starts = new Set(entitlements.filter((each) => each.version === version).map(({ start }) => start))
    const built = await contributionsOf(client, BigInt(version))
    proofs.push(...built.filter(({ start }) => starts.has(String(start))).map(({ start: _, ...proof }) => proof))
  }
  return proofs
}

async function contributionsOf(client: AgoraiClient, version: bigint) {
  const { versions } = await getAsset(client, { asset: await assetOfVersion(client, version) })
  const published = versions.find(({ id }) => BigInt(id) === version)
  if (published === undefined)
    throw new AgoraiError('not_found', `The node does not know version ${version} yet.`, {
      details: { version: String(version) },
    })
  const { publisher, manifestDigest } = published
  const { manifest } = await readManifest(client, { version, publisher, digest: manifestDigest })
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
