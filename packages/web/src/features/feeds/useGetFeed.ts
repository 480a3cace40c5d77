import { getFeed } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

const lookAgainMs = 5_000

/** Where a feed stands, looked at again every few seconds. */
export function useGetFeed(version: string) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['feed', version],
    queryFn: () => getFeed(client, { version: BigInt(version) }),
    refetchInterval: lookAgainMs,
  })
}
