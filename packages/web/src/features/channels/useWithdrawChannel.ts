import { type ListedChannel, withdrawChannel } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { usePayer } from '../calls/usePayer.js'

/** Begins a withdrawal by the chain alone, or, when its time has come, ends it. */
export function useWithdrawChannel() {
  const { client } = useAgorai()
  const payer = usePayer()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ config }: ListedChannel) => withdrawChannel(client, { config, payer }),
    onSettled: () =>
      Promise.all(['channels', 'balance', 'chainTime'].map((name) => queries.invalidateQueries({ queryKey: [name] }))),
  })
}
