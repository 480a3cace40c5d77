import { accessMarketAbi, assetRegistryAbi, offerIdOf, passSchema } from '@agorai/core'
import { isAddressEqual } from 'viem/utils'
import { type AgoraiClient, walletOf } from '../createAgoraiClient.js'
import { readContract } from '../transactions/readContract.js'

/** Few assets have more offers than this. */
const probedOffers = 16

/**
 * The offer whose pass lets the client's account open a version. Undefined when the account owns the asset, or when the
 * index knows no pass of it: the operator then says what is missing.
 */
export async function findEntitlingOffer(client: AgoraiClient, version: bigint): Promise<bigint | undefined> {
  const holder = walletOf(client).account.address
  const { assetRegistry, accessMarket } = client.info.chain.addresses
  const registry = { address: assetRegistry, abi: assetRegistryAbi } as const
  const [owner] = await readContract(client, { ...registry, functionName: 'ratesOf', args: [version] })
  if (isAddressEqual(owner, holder)) return undefined
  const asset = await readContract(client, { ...registry, functionName: 'assetOf', args: [version] })
  const passes = await client.http.json(passSchema.array(), { path: 'api/v1/passes', query: { holder } })
  const held = passes.find((pass) => BigInt(pass.asset) === asset)
  if (held !== undefined) return BigInt(held.offer)
  // The index may be a moment behind a purchase that was just made.
  const offers = Array.from({ length: probedOffers }, (_, index) => offerIdOf(asset, index))
  const found = await Promise.all(
    offers.map((offer) =>
      readContract(client, {
        address: accessMarket,
        abi: accessMarketAbi,
        functionName: 'passOf',
        args: [offer, holder],
      }),
    ),
  )
  return offers.find((_, index) => (found[index]?.purchases ?? 0) > 0)
}
