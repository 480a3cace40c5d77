import { assetRegistryAbi } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { readContract } from '../transactions/readContract.js'

/** The asset that a version belongs to, from the registry. */
export const assetOfVersion = (client: AgoraiClient, version: bigint): Promise<bigint> =>
  readContract(client, {
    address: client.info.chain.addresses.assetRegistry,
    abi: assetRegistryAbi,
    functionName: 'assetOf',
    args: [version],
  })
