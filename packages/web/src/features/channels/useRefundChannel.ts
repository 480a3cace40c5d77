import { AgoraiError } from '@agorai/core'
import { type ListedChannel, refundChannel } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { usePayer } from '../calls/usePayer.js'

/** Asks the operator for what was put into a channel and not charged. */
export function useRefundChannel() {
  const { client } = useAgorai()
  const payer = usePayer()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ service, index }: ListedChannel) => {
      if (service === undefined) throw new AgoraiError('model_not_found', 'The operator serves nothing here any more.')
      return refundChannel(client, { asset: service, index, payer })
    },
    onSettled: () =>
      Promise.all(['channels', 'balance'].map((name) => queries.invalidateQueries({ queryKey: [name] }))),
  })
}
