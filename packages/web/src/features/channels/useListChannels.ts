import { isAgoraiError, type ServedServiceInfo } from '@agorai/core'
import { type ListedChannel, listChannels, type Payer } from '@agorai/sdk'
import { skipToken, useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { useListServices } from '../calls/useGetService.js'
import { usePayer } from '../calls/usePayer.js'
import { recallChannels, rememberChannels } from './rememberedChannels.js'

/** `service`: one by which the operator is asked to give back what is left; undefined where it serves none any more. */
export type OwnChannel = ListedChannel & { service: bigint | undefined }

/** The channels of the account that signs, with the operator of this node and as this browser remembers them. */
export function useListChannels() {
  const { account, info } = useAgorai()
  const payer = usePayer()
  const services = useListServices()
  const served = services.data ?? (services.isError ? [] : undefined)
  const chainId = info.chain.id
  return useQuery({
    queryKey: ['channels', account?.address, served?.map(({ asset }) => asset)],
    queryFn:
      payer === undefined || served === undefined
        ? skipToken
        : async (): Promise<OwnChannel[]> => {
            const found = await findChannels(payer, served, chainId)
            rememberChannels(
              chainId,
              payer.address,
              found.map(({ config }) => config),
            )
            return found
          },
  })
}

async function findChannels(
  payer: Payer,
  served: readonly ServedServiceInfo[],
  chainId: number,
): Promise<OwnChannel[]> {
  const { client } = payer
  // One service of each token is enough: a channel is the operator's, not the service's.
  const services = new Map(served.map(({ serving, asset }) => [serving.token.toLowerCase(), BigInt(asset)]))
  const found = new Map<string, OwnChannel>()
  for (const asset of services.values())
    for (const channel of await askOperator(payer, asset)) found.set(channel.channel, { ...channel, service: asset })
  const configs = recallChannels(chainId, payer.address)
  for (const channel of await listChannels(client, { configs, payer }))
    if (!found.has(channel.channel)) found.set(channel.channel, { ...channel, service: undefined })
  return [...found.values()]
}

/** A service that has just been stopped, or an operator that takes no channels, has none. */
const askOperator = (payer: Payer, asset: bigint): Promise<ListedChannel[]> =>
  listChannels(payer.client, { asset, payer }).catch((error: unknown) => {
    if (isAgoraiError(error, 'model_not_found') || isAgoraiError(error, 'payment_refused')) return []
    throw error
  })
