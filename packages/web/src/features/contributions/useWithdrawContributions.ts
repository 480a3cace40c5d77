import { withdrawContributions } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** Takes back all that the account gave to a dataset. */
export function useWithdrawContributions() {
  const { client } = useAgorai()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (parameters: { asset: bigint }) => withdrawContributions(client, parameters),
    onSettled: () => queries.invalidateQueries({ queryKey: ['contributions'] }),
  })
}
