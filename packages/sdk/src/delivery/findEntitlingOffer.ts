import { offerIdOf, passListSchema } from '@agorai/core'
import type { Address } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { assetOfVersion } from '../revenue/assetOfVersion.js'
import { marketOf, registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'

/** Few assets have more offers than this. */
const probedOffers = 16

/**
 * The offer whose pass lets the client's account open a version. Undefined when the account owns the asset, or when no
 * running pass of it is found: the operator then says what is missing.
 */
export async function findEntitlingOffer(client: AgoraiClient, version: bigint): Promise<bigint | undefined> {
  const holder = walletOf(client).account.address
  const [owner] = await readContract(client, { ...registryOf(client), functionName: 'ratesOf', args: [version] })
  if (isAddressEqual(owner, holder)) return undefined
  const asset = await assetOfVersion(client, version)
  const { passes } = await client.http.json(passListSchema, passesOf(holder, asset))
  const held = passes.map(({ offer }) => BigInt(offer))
  // The index may be a moment behind a purchase that was just made, and time behind the index.
  const probed = Array.from({ length: probedOffers }, (_, index) => offerIdOf(asset, index))
  const offers = [...new Set([...held, ...probed])]
  const entitled = await Promise.all(
    offers.map((offer) =>
      readContract(client, { ...marketOf(client), functionName: 'isEntitled', args: [offer, holder, version] }),
    ),
  )
  return offers.find((_, index) => entitled[index])
}

/** The newest passes that an account has of an asset. */
export const passesOf = (holder: Address, asset: bigint) => ({
  path: 'api/v1/passes',
  query: { holder, asset: asset.toString(), limit: '100' },
})
