import { getLineage } from '@agorai/sdk'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** What a version is built from and what is built from it; waits while `version` is not known yet. */
export function useGetLineage(version: string | undefined) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['lineage', version],
    queryFn: version === undefined ? skipToken : () => getLineage(client, { version: BigInt(version) }),
  })
}
