import type { AssetSummary, Offer } from '@agorai/core'
import { everyPage, getOffers } from '@agorai/sdk'
import { useQueries } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a page waits for at most. */
const offersMax = 1_000

/** The offers of assets: those that came with them, and those of the pages after, up to a thousand of each asset. */
export function useGetOffers(assets: readonly Pick<AssetSummary, 'id' | 'offers' | 'offersCursor'>[]): Offer[] {
  const { client } = useAgorai()
  const further = useQueries({
    queries: assets
      .filter(({ offersCursor }) => offersCursor !== null)
      .map(({ id, offersCursor }) => ({
        queryKey: ['offers', id, offersCursor],
        queryFn: async () => {
          const read = (cursor: string | undefined) => getOffers(client, { asset: BigInt(id), cursor, limit: 100 })
          const found: Offer[] = []
          for await (const { offers } of everyPage(read, offersCursor)) {
            found.push(...offers)
            if (found.length >= offersMax) break
          }
          return found
        },
      })),
  })
  const all = [...assets.flatMap(({ offers }) => offers), ...further.flatMap(({ data }) => data ?? [])]
  // One that was closed in between comes again, as it is now.
  return [...new Map(all.map((offer) => [offer.id, offer])).values()]
}
