import type { AssetKind } from '@agorai/core'
import { searchAssets } from '@agorai/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

const pageSize = 24

/** The catalogue, a page at a time, in the order of the node. */
export function useSearchAssets({ query, kind }: { query: string; kind: AssetKind | undefined }) {
  const { client } = useAgorai()
  return useInfiniteQuery({
    queryKey: ['assets', { query, kind }],
    queryFn: ({ pageParam }) =>
      searchAssets(client, {
        limit: pageSize,
        ...(query.trim() === '' ? {} : { query: query.trim() }),
        ...(kind === undefined ? {} : { kind }),
        ...(pageParam === undefined ? {} : { cursor: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: (previous) => previous,
  })
}
