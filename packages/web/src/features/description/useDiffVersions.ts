import { diffVersions } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a version's manifest says otherwise than an earlier one's; asked for once it is looked at. */
export function useDiffVersions(from: string, to: string, enabled: boolean) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['diff', from, to],
    queryFn: () => diffVersions(client, { from: BigInt(from), to: BigInt(to) }),
    enabled,
  })
}
