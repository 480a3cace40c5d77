import type { AssetKind, AssetSort } from '@agorai/core'
import { searchAssets } from '@agorai/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type Address, parseUnits } from 'viem'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a reader looks for; a text that is empty asks for nothing. */
export type Wanted = {
  query: string
  kind: AssetKind | undefined
  tag: string
  licence: string
  /** In whole units of the payment token. */
  priceMax: string
  sort: AssetSort
}

const pageSize = 24

/** The catalogue, a page at a time, in the order of the node. */
export function useSearchAssets(wanted: Wanted) {
  const { client, paymentToken } = useAgorai()
  const { query, kind, tag, licence, priceMax, sort } = wanted
  const isPriced = isPrice(priceMax) || sort === 'price'
  return useInfiniteQuery({
    queryKey: ['assets', wanted, paymentToken?.address],
    queryFn: ({ pageParam }) =>
      searchAssets(client, {
        limit: pageSize,
        ...(sort === 'price' && paymentToken === undefined ? {} : { sort }),
        ...(query.trim() === '' ? {} : { query: query.trim() }),
        ...(kind === undefined ? {} : { kind }),
        ...(tag.trim() === '' ? {} : { tag: tag.trim() }),
        ...(licence.trim() === '' ? {} : { licence: licence.trim() }),
        ...(isPriced && paymentToken !== undefined ? { token: paymentToken.address as Address } : {}),
        ...(isPrice(priceMax) && paymentToken !== undefined
          ? { priceMax: parseUnits(priceMax, paymentToken.decimals) }
          : {}),
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (previous) => previous,
  })
}

export const isPrice = (text: string): boolean => /^(0|[1-9]\d{0,14})(\.\d{1,6})?$/.test(text)
