import { passListSchema } from '@agorai/core'
import { skipToken, useInfiniteQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/**
 * The passes that an account holds, of one asset or of all, a page at a time, as the index knows them; the gateway asks
 * the chain before it delivers.
 */
export function usePasses(holder: `0x${string}` | undefined, asset?: string) {
  const { client } = useAgorai()
  return useInfiniteQuery({
    queryKey: ['passes', holder, asset],
    queryFn:
      holder === undefined
        ? skipToken
        : ({ pageParam }) =>
            client.http.json(passListSchema, {
              path: 'api/v1/passes',
              query: {
                holder,
                ...(asset === undefined ? {} : { asset }),
                ...(pageParam === undefined ? {} : { cursor: pageParam }),
              },
            }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    select: ({ pages }) => pages.flatMap(({ passes }) => passes),
  })
}
