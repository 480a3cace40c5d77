import { passSchema } from '@agorai/core'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** The passes that an account holds, as the index knows them; the gateway asks the chain before it delivers. */
export function usePasses(holder: `0x${string}` | undefined) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['passes', holder],
    queryFn:
      holder === undefined
        ? skipToken
        : () => client.http.json(passSchema.array(), { path: 'api/v1/passes', query: { holder } }),
  })
}
