import { getAsset } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

export function useGetAsset(id: string) {
  const { client } = useAgorai()
  return useQuery({ queryKey: ['asset', id], queryFn: () => getAsset(client, { asset: BigInt(id) }) })
}
