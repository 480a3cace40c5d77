import {
  AgoraiError,
  type AssetKind,
  decodeOfferFlags,
  decodeTerms,
  kindFromNumber,
  kindToNumber,
  type Offer,
  usages,
  type Version,
} from '@agorai/core'
import { type Hex, zeroHash } from 'viem'
import { getAddress } from 'viem/utils'

/** Edges as the index keeps them: ids as decimal text, like everywhere in JSON. */
export type EdgeRow = { ancestor: string; bps: number }
export type SupplyRow = { supplier: string; bps: number }

export type VersionRow = {
  version: bigint
  asset: bigint
  kind: number
  publisher: Hex
  manifest_digest: Hex
  contributor_root: Hex
  contributor_bps: number
  royalty_bps: number
  serve_bps: number
  flags: number
  fee_bps: number
  parents: string[]
  suppliers: string[]
  royalties: EdgeRow[]
  supplies: SupplyRow[]
  erased: boolean
  block_number: bigint
  transaction_hash: Hex
  published_at: bigint
}

export const versionColumns = `v.version, v.asset, v.kind, v.publisher, v.manifest_digest, v.contributor_root,
  v.contributor_bps, v.royalty_bps, v.serve_bps, v.flags, v.fee_bps, v.parents, v.suppliers, v.royalties, v.supplies,
  v.erased, v.block_number, v.transaction_hash, v.published_at`

export const toVersion = (row: VersionRow): Version => ({
  id: `${row.version}`,
  asset: `${row.asset}`,
  kind: toKind(row.kind),
  publisher: getAddress(row.publisher),
  manifestDigest: row.manifest_digest,
  contributorRoot: row.contributor_root,
  contributorBps: row.contributor_bps,
  terms: decodeTerms({ royaltyBps: row.royalty_bps, serveBps: row.serve_bps, flags: row.flags }),
  feeBps: row.fee_bps,
  parents: row.parents,
  edges: row.royalties,
  suppliers: row.suppliers,
  supplies: row.supplies,
  erased: row.erased,
  block: Number(row.block_number),
  transaction: row.transaction_hash,
  publishedAt: Number(row.published_at),
})

function toKind(value: number): AssetKind {
  const kind = kindFromNumber(value)
  if (kind === undefined) throw new AgoraiError('internal', `The registry knows no kind ${value}.`)
  return kind
}

/** How the registry writes the kind whose contributor tree names versions. */
export const collectionKind = kindToNumber('collection')

export type OfferRow = {
  offer: bigint
  asset: bigint
  token: Hex
  symbol: string | null
  decimals: number | null
  price: bigint
  usage: number
  flags: number
  refund_hours: number
  gate: Hex
  brackets: { fromDay: number; bps: number }[]
  listed_at: bigint
  open: boolean
}

/** A token that does not say how it is written is shown by its address, in base units. */
export function toOffer(row: OfferRow): Offer {
  const usage = usages[row.usage]
  if (usage === undefined) throw new AgoraiError('internal', `The market knows no usage ${row.usage}.`)
  const address = getAddress(row.token)
  const symbol = row.symbol ?? `${address.slice(0, 6)}…${address.slice(-4)}`
  return {
    id: `${row.offer}`,
    asset: `${row.asset}`,
    token: { address, symbol, decimals: row.decimals ?? 0 },
    price: `${row.price}`,
    usage,
    open: row.open,
    ...decodeOfferFlags(row.flags),
    refundHours: row.refund_hours,
    gate: row.gate === zeroHash ? null : row.gate,
    brackets: row.brackets,
    listedAt: usage === 'exclusive' ? Number(row.listed_at) : null,
  }
}
