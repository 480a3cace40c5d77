import { getReceipt, verifyReceipt } from '@agorai/sdk'
import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import type { OpenSession } from './useGetSession.js'

/** The operator's signed word for a call, whose signature is checked here. */
export function useGetReceipt({ info, bearer }: OpenSession, counter: number) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['receipt', info.session, counter],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const receipt = await getReceipt(client, { session: { session: info.session, bearer }, counter })
      await verifyReceipt(client, { receipt })
      return receipt
    },
  })
}
