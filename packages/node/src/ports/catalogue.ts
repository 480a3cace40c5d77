import type { AgoraiError, AssetDetail, AssetKind, AssetList, Lineage, Manifest, Pass, Revenue } from '@agorai/core'
import type { Address } from 'viem'

export type SearchAssetsParameters = {
  /** Words to look for in name, description and tags of the current version. Plain text, no operators. */
  query?: string
  kind?: AssetKind
  /** 1 to 100. */
  limit: number
  /** The last page's `nextCursor`: only assets with lower ids follow. */
  cursor?: bigint
}

/** Which entitlements: those in a version and all it is built from, sells or gathers, or those of one account. */
export type GetRevenueParameters = { token: Address } & ({ version: bigint } | { account: Address })

/** What people look up. Answers are those of the last indexed block, and come from nowhere but the index. */
export type Catalogue = {
  /** Newest assets first. */
  searchAssets(parameters: SearchAssetsParameters): Promise<AssetList>
  /** @throws AgoraiError `not_found` */
  getAsset(asset: bigint): Promise<AssetDetail>
  /** The manifest of a version, if this node has it. */
  getManifest(version: bigint): Promise<Manifest | undefined>
  /** @throws AgoraiError `not_found` */
  getLineage(version: bigint): Promise<Lineage>
  /** @throws AgoraiError `not_found` when the version is unknown. */
  getRevenue(parameters: GetRevenueParameters): Promise<Revenue>
  /** One of each offer, as it stands now; those that moved last come last. */
  getPasses(holder: Address): Promise<Pass[]>
  /** Highest block in the index; -1 before the first. */
  indexedBlock(): Promise<number>
}

/** How the index is doing. `halted` needs a person; `retrying` does not. */
export type IndexHealth = {
  state: 'starting' | 'catching_up' | 'following' | 'retrying' | 'halted' | 'stopped'
  /** -1 before the first. */
  indexedBlock: number
  /** Head of the chain when it was last asked; -1 before the first answer. */
  headBlock: number
  /** Failed attempts since the last success. */
  failures: number
  /** Why it is retrying or halted. */
  error?: AgoraiError
}
