import type { Address } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { ChainClient } from '../createChainClient.js'
import { marketOf } from '../transactions/contracts.js'
import { readLogs } from '../transactions/readLogs.js'

/** Everyone who ever had a pass of an offer, from the chain's logs. */
export async function findHolders(client: ChainClient, offer: bigint): Promise<Address[]> {
  const market = marketOf(client)
  const [granted, transferred] = await Promise.all([
    readLogs(client, { ...market, eventName: 'PassGranted', args: { offerId: offer } }),
    readLogs(client, { ...market, eventName: 'PassTransferred', args: { offerId: offer } }),
  ])
  const named = [...granted.map(({ args }) => args.holder), ...transferred.map(({ args }) => args.to)]
  return named.filter((holder, place) => named.findIndex((each) => isAddressEqual(each, holder)) === place)
}
