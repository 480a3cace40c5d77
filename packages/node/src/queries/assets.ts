import {
  type AssetDetail,
  type AssetList,
  type AssetSort,
  type AssetSummary,
  type Bundle,
  kindToNumber,
  type Manifest,
  type OfferList,
  pageDefault,
  usages,
} from '@agorai/core'
import type { Address, Hex } from 'viem'
import { getAddress } from 'viem/utils'
import type { SearchAssetsParameters } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'
import { noAsset } from './assertAsset.js'
import { readOffers } from './offers.js'
import { toVersion, type VersionRow, versionColumns } from './rows.js'
import { toSearchQuery } from './searchWords.js'
import { tillAddress } from './tillAddress.js'
import { readVersions } from './versions.js'

type SummaryRow = VersionRow & {
  owner: Address
  name: string | null
  description: string | null
  tags: string[] | null
  licence: string | null
  sales: bigint | null
  retired: boolean
  sold_exclusively: boolean
}

const summaryColumns = `${versionColumns}, o.owner, m.name, m.description, m.tags, m.licence, s.sales,
  EXISTS (SELECT 1 FROM asset_retired r WHERE r.asset = v.asset) AS retired,
  EXISTS (SELECT 1 FROM asset_sold_exclusively e WHERE e.asset = v.asset) AS sold_exclusively`
const summaryTables = `current_versions v
  JOIN asset_owners o ON o.asset = v.asset
  LEFT JOIN manifests m ON m.digest = v.manifest_digest
  LEFT JOIN LATERAL (SELECT count(*) AS sales FROM pass_granted p WHERE p.asset = v.asset) s ON true`

/** What pages are sorted by, as a whole number, and whether the least comes first. Of equals the newest comes first. */
const sorts: Record<AssetSort, { key: string; isAscending?: true }> = {
  newest: { key: 'v.asset' },
  price: { key: 'p.price', isAscending: true },
  sales: { key: 's.sales' },
  relevance: { key: '(ts_rank(m.search, q.words) * 1000000)::bigint' },
}

/** Assets whose current version is as wanted. A query without a word finds nothing. */
export async function searchAssets(database: Queryable, parameters: SearchAssetsParameters): Promise<AssetList> {
  const { query, kind, owner, publisher, tag, licence, offer, builtFrom, hasSample, limit, cursor } = parameters
  const isSearch = query !== undefined && query.trim() !== ''
  const search = isSearch ? toSearchQuery(query) : undefined
  if (isSearch && search === undefined) return { assets: [], nextCursor: null }
  const sort = search === undefined && parameters.sort === 'relevance' ? 'newest' : (parameters.sort ?? 'newest')
  const { key, isAscending } = sorts[sort]
  const [lastAsset, lastKey] = (cursor ?? '').split('-').reverse()
  const rows = await database.query<SummaryRow & { key: bigint }>(
    `WITH q AS (SELECT $1::text::tsquery || plainto_tsquery('english', $2::text) AS words)
     SELECT ${summaryColumns}, ${key}::numeric AS key FROM ${summaryTables}
       LEFT JOIN q ON $1::text IS NOT NULL
       LEFT JOIN LATERAL (
         SELECT min(f.price) AS price FROM offers f WHERE f.asset = v.asset AND f.open
           AND ($3::text IS NULL OR f.token = $3::text) AND ($4::integer IS NULL OR f.usage = $4::integer)
           AND ($5::numeric IS NULL OR f.price >= $5::numeric) AND ($6::numeric IS NULL OR f.price <= $6::numeric)
       ) p ON $7::boolean
     WHERE ($1::text IS NULL OR m.search @@ q.words)
       AND (NOT $7::boolean OR p.price IS NOT NULL)
       AND ($8::integer IS NULL OR v.kind = $8::integer)
       AND ($9::text IS NULL OR o.owner = $9::text)
       AND ($10::text IS NULL OR v.publisher = $10::text)
       AND ($11::text IS NULL OR m.tags @> jsonb_build_array($11::text))
       AND ($12::text IS NULL OR m.licence = $12::text)
       AND ($13::boolean IS NULL OR coalesce(jsonb_exists(m.document, 'sample'), false) = $13::boolean)
       AND ($14::numeric IS NULL OR EXISTS (
         SELECT 1 FROM version_published a WHERE a.asset = $14::numeric AND (
           (v.parents || v.suppliers) @> jsonb_build_array(a.version::text)
           OR v.royalties @> jsonb_build_array(jsonb_build_object('ancestor', a.version::text)))))
       AND ($15::numeric IS NULL OR ${key} ${isAscending ? '>' : '<'} $16::numeric
         OR (${key} = $16::numeric AND v.asset < $15::numeric))
     ORDER BY key ${isAscending ? 'ASC' : 'DESC'}, v.asset DESC LIMIT $17::integer`,
    [
      search?.lexemes ?? null,
      search?.words ?? '',
      offer?.token?.toLowerCase() ?? null,
      offer?.usage === undefined ? null : usages.indexOf(offer.usage),
      offer?.priceMin ?? null,
      offer?.priceMax ?? null,
      offer !== undefined || sort === 'price',
      kind === undefined ? null : kindToNumber(kind),
      owner?.toLowerCase() ?? null,
      publisher?.toLowerCase() ?? null,
      tag ?? null,
      licence ?? null,
      hasSample ?? null,
      builtFrom ?? null,
      lastAsset || null,
      lastKey ?? (lastAsset || null),
      limit + 1,
    ],
  )
  const page = rows.slice(0, limit)
  const facts = await readFacts(
    database,
    page.map(({ asset }) => asset),
  )
  const last = rows.length > limit ? page.at(-1) : undefined
  return {
    assets: page.map((row) => toSummary(row, facts)),
    nextCursor: last === undefined ? null : sort === 'newest' ? `${last.asset}` : `${last.key}-${last.asset}`,
  }
}

type Detail = { document: Manifest | null; revenue_ledger: Address; published: bigint }

export async function getAsset(database: Queryable, asset: bigint): Promise<AssetDetail> {
  const [row] = await database.query<SummaryRow & Detail>(
    `SELECT ${summaryColumns}, m.document, d.revenue_ledger,
       (SELECT count(*) FROM version_published p WHERE p.asset = v.asset) AS published FROM ${summaryTables} CROSS JOIN progress d
     WHERE v.asset = $1::numeric`,
    [asset],
  )
  if (row === undefined) throw noAsset(asset)
  const { versions, nextCursor } = await readVersions(database, { asset, limit: pageDefault })
  return {
    ...toSummary(row, await readFacts(database, [asset])),
    manifest: row.document,
    versions,
    versionsCursor: nextCursor,
    versionCount: Number(row.published),
    bundles: await readBundles(database, asset),
    till: tillAddress(getAddress(row.revenue_ledger), asset),
  }
}

export async function getManifest(database: Queryable, version: bigint): Promise<Manifest | undefined> {
  const [row] = await database.query<{ document: Manifest }>(
    `SELECT m.document FROM version_published v JOIN manifests m ON m.digest = v.manifest_digest
     WHERE v.version = $1::numeric`,
    [version],
  )
  return row?.document
}

/** What is read of a page of assets at once. */
type Facts = { offers: ReadonlyMap<bigint, OfferList>; freeOnly: ReadonlySet<bigint> }

const readFacts = async (database: Queryable, assets: readonly bigint[]): Promise<Facts> => ({
  offers: await readOffers(database, { assets, limit: pageDefault }),
  freeOnly: await readFreeOnly(database, assets),
})

const toSummary = (row: SummaryRow, { offers, freeOnly }: Facts): AssetSummary => {
  const version = toVersion(row)
  const page = offers.get(row.asset)
  return {
    id: version.asset,
    kind: version.kind,
    owner: getAddress(row.owner),
    version,
    name: row.name,
    description: row.description,
    tags: row.tags ?? [],
    licence: row.licence,
    offers: page?.offers ?? [],
    offersCursor: page?.nextCursor ?? null,
    sales: Number(row.sales ?? 0n),
    retired: row.retired,
    soldExclusively: row.sold_exclusively,
    freeOnly: freeOnly.has(row.asset),
  }
}

/** Whoever buys an asset did not agree to a bundle of the owner before, and the market sells it no more. */
async function readBundles(database: Queryable, asset: bigint): Promise<Bundle[]> {
  const rows = await database.query<{ bundle: Hex; owner: Address; offers: string[]; discount_bps: number }>(
    `SELECT b.bundle, b.owner, b.offers, b.discount_bps FROM bundles b
     JOIN asset_owners o ON o.asset = $1::numeric AND o.owner = b.owner
     WHERE EXISTS (SELECT 1 FROM offer_listed l WHERE l.asset = $1::numeric AND b.offers @> jsonb_build_array(l.offer::text))
     ORDER BY b.bundle`,
    [asset],
  )
  return rows.map(({ bundle, owner, offers, discount_bps: discountBps }) => ({
    id: bundle,
    owner: getAddress(owner),
    offers,
    discountBps,
  }))
}

/** `IAssetRegistry.Terms.flags`: what others build from it may be sold. */
const commercialFlag = 8

/**
 * Those of the assets that may only be offered for nothing. An asset's first version decides: it was built from, or sells,
 * a version of another owner whose terms say so, or one of an asset that is free-only itself.
 */
async function readFreeOnly(database: Queryable, assets: readonly bigint[]): Promise<ReadonlySet<bigint>> {
  const rows = await database.query<{ root: bigint }>(
    `WITH RECURSIVE walk (root, asset) AS (
       SELECT a, a FROM unnest($1::numeric[]) AS a
       UNION SELECT walk.root, s.source_asset FROM walk JOIN sources s ON s.version = walk.asset
     )
     SELECT DISTINCT walk.root FROM walk JOIN sources s ON s.version = walk.asset
     WHERE s.source_flags & ${commercialFlag} = 0 AND s.source_owner <> s.publisher`,
    [assets.map(String)],
  )
  return new Set(rows.map(({ root }) => root))
}
