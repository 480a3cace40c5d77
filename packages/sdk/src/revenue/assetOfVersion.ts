import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'

/** The asset that a version belongs to, from the registry. */
export const assetOfVersion = (client: ChainClient, version: bigint): Promise<bigint> =>
  readContract(client, { ...registryOf(client), functionName: 'assetOf', args: [version] })
