import { getRevenue } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a version and its ancestors have earned in a token, or what one account has earned of everything. */
export function useGetRevenue(of: { version: string; token: string } | { account: `0x${string}`; token: string }) {
  const { client } = useAgorai()
  const token = of.token as `0x${string}`
  return useQuery({
    queryKey: ['revenue', of],
    queryFn: () =>
      'version' in of
        ? getRevenue(client, { version: BigInt(of.version), token })
        : getRevenue(client, { account: of.account, token }),
  })
}
