import { searchAssets } from '@agorai/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { Address } from 'viem'
import { useAgorai } from '../../app/AgoraiProvider.js'

const pageSize = 12

/** What an account owns, the newest first, a page at a time. */
export function useOwnedAssets(owner: Address) {
  const { client } = useAgorai()
  return useInfiniteQuery({
    queryKey: ['assets', { owner }],
    queryFn: ({ pageParam }) =>
      searchAssets(client, { owner, limit: pageSize, ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
}
