import type { Hex } from 'viem'

/** A content that a published manifest names. */
export type PublishedContent = { digest: Hex; cid: string; bytes: number }

/** What the chain knows to be published, for whoever brings it here. Nothing of it is erased. */
export type Publications = {
  /** Digests of manifests that the index does not have, ascending, after one of them. */
  missingManifests(after: string, limit: number): Promise<Hex[]>
  /** Contents of the manifests that the index has, by ascending digest, after one of them. */
  contents(after: string, limit: number): Promise<PublishedContent[]>
}
