import { type ListedChannel, listChannels } from '@agorai/sdk'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { usePayer } from '../calls/usePayer.js'
import { recallChannels, rememberChannels } from './rememberedChannels.js'

/** The channels of the account that signs, with the operator of this node and as this browser remembers them. */
export function useListChannels() {
  const { account, info } = useAgorai()
  const payer = usePayer()
  const chainId = info.chain.id
  return useQuery({
    queryKey: ['channels', account?.address],
    queryFn:
      payer === undefined
        ? skipToken
        : async (): Promise<ListedChannel[]> => {
            const configs = recallChannels(chainId, payer.address)
            const found = await listChannels(payer.client, { configs, payer })
            const seen = found.map(({ config }) => config)
            rememberChannels(chainId, payer.address, seen)
            return found
          },
  })
}
