import { getContributions } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** How many contributions the node has for a dataset. */
export function useGetContributions(asset: string) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['contributions', asset],
    queryFn: () => getContributions(client, { asset: BigInt(asset) }),
  })
}
