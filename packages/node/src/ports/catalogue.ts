import type {
  AgoraiError,
  AssetDetail,
  AssetKind,
  AssetList,
  AssetSort,
  EventPage,
  Lineage,
  Manifest,
  OfferList,
  PassList,
  Revenue,
  Usage,
  VersionList,
} from '@agorai/core'
import type { Address } from 'viem'

export type SearchAssetsParameters = {
  /** Words to look for in name, description and tags of the current version. Plain text, no operators. */
  query?: string
  kind?: AssetKind
  owner?: Address
  /** Who published the current version. */
  publisher?: Address
  tag?: string
  /** SPDX identifier. */
  licence?: string
  /** An offer that is open and has all of these. Prices are of one token, in its base units. */
  offer?: { token?: Address; usage?: Usage; priceMin?: bigint; priceMax?: bigint }
  /** An asset from which the current version was built, directly or not, or whose work it sells. */
  builtFrom?: bigint
  /** Whether the current version shows sample rows. */
  hasSample?: boolean
  /** Default `newest`. `price` is that of the cheapest offer that was asked for; `relevance` is of the words. */
  sort?: AssetSort
  /** 1 to 100. */
  limit: number
  /** The last page's `nextCursor`. */
  cursor?: string
}

/** Which entitlements: those in a version and all it is built from, sells or gathers, or those of one account. */
export type GetRevenueParameters = { token: Address } & ({ version: bigint } | { account: Address })

export type GetPassesParameters = {
  holder: Address
  /** Only those of this asset. */
  asset?: bigint
  /** 1 to 100. */
  limit: number
  /** The last page's `nextCursor`. */
  cursor?: string
}

export type AssetPageParameters = {
  asset: bigint
  /** 1 to 100 over HTTP; 1,000 for who reads them all. */
  limit: number
  /** The last page's `nextCursor`. */
  cursor?: string
}

/** How far a reorg may reach. Deeper ones are not followed. */
export const reorgDepthMax = 64

export type ReadEventsParameters = {
  /** The id of the last event that the reader has; from the beginning when absent. */
  after?: string
  /** Ids of events that it had before that, newest first: the more, the less a reorg makes it read again. */
  earlier?: readonly string[]
  /** Only events of these names. */
  names?: readonly string[]
  /** 1 to 1,000. */
  limit: number
}

/** What people look up. Answers are those of the last indexed block, and come from nowhere but the index. */
export type Catalogue = {
  searchAssets(parameters: SearchAssetsParameters): Promise<AssetList>
  /** @throws AgoraiError `not_found` */
  getAsset(asset: bigint): Promise<AssetDetail>
  /** @throws AgoraiError `not_found` */
  getVersions(parameters: AssetPageParameters): Promise<VersionList>
  /** @throws AgoraiError `not_found` */
  getOffers(parameters: AssetPageParameters): Promise<OfferList>
  /** The manifest of a version, if this node has it. */
  getManifest(version: bigint): Promise<Manifest | undefined>
  /** @throws AgoraiError `not_found` */
  getLineage(version: bigint): Promise<Lineage>
  /** @throws AgoraiError `not_found` when the version is unknown. */
  getRevenue(parameters: GetRevenueParameters): Promise<Revenue>
  /** One of each offer, as it stands now; those that moved last come first. */
  getPasses(parameters: GetPassesParameters): Promise<PassList>
  /** Highest block in the index; -1 before the first. */
  indexedBlock(): Promise<number>
  /** A page of the event log. */
  readEvents(parameters: ReadEventsParameters): Promise<EventPage>
  /** The id of the last event; undefined before the first. */
  lastEvent(): Promise<string | undefined>
  /**
   * Resolves with the hash of the last indexed block once it is another than `seen`, or after a while, or when the signal
   * is given. All that wait are answered by one look at the index.
   */
  nextBlock(seen: string | undefined, signal: AbortSignal): Promise<string | undefined>
}

/** A chain that can be read here. */
export type IndexedChain = {
  id: number
  addresses: { assetRegistry: Address; revenueLedger: Address; accessMarket: Address }
  catalogue: Catalogue
  health(): Promise<IndexHealth>
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
