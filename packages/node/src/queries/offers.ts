import type { Offer, OfferList } from '@agorai/core'
import type { AssetPageParameters } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'
import { assertAsset } from './assertAsset.js'
import { type OfferRow, toOffer } from './rows.js'

/** A page of an asset's offers: those that are open in the order in which they were listed, then those that are not. */
export async function getOffers(database: Queryable, parameters: AssetPageParameters): Promise<OfferList> {
  const { asset } = parameters
  await assertAsset(database, asset)
  const pages = await readOffers(database, { ...parameters, assets: [asset] })
  return pages.get(asset) ?? { offers: [], nextCursor: null }
}

/** The same of several assets at once, which are known to be there. */
export async function readOffers(
  database: Queryable,
  { assets, limit, cursor }: Omit<AssetPageParameters, 'asset'> & { assets: readonly bigint[] },
): Promise<ReadonlyMap<bigint, OfferList>> {
  const [state, last] = cursor?.split('-') ?? []
  const rows = await database.query<OfferRow>(
    `SELECT o.*, t.symbol, t.decimals FROM unnest($1::numeric[]) AS a
       CROSS JOIN LATERAL (
         SELECT * FROM offers f WHERE f.asset = a AND ($2::boolean IS NULL
           OR (f.open = $2::boolean AND f.offer > $3::numeric) OR ($2::boolean AND NOT f.open))
         ORDER BY f.open DESC, f.offer LIMIT $4::integer
       ) o LEFT JOIN tokens t ON t.address = o.token
     ORDER BY o.asset, o.open DESC, o.offer`,
    [assets.map(String), state === undefined ? null : state === 'open', last ?? null, limit + 1],
  )
  return new Map(
    assets.map((asset) => {
      const found = rows.filter((row) => row.asset === asset).map(toOffer)
      const offers = found.slice(0, limit)
      const end = found.length > limit ? offers.at(-1) : undefined
      return [asset, { offers, nextCursor: end === undefined ? null : cursorOf(end) }]
    }),
  )
}

/** An offer never opens again, so what moves behind the cursor while pages are read comes once more, and nothing is left out. */
const cursorOf = ({ open, id }: Offer): string => `${open ? 'open' : 'closed'}-${id}`
