import { passListSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { walletOf } from '../createChainClient.js'
import { findEntitlingOffer, passesOf } from '../delivery/findEntitlingOffer.js'
import { assetOfVersion } from '../revenue/assetOfVersion.js'

/**
 * The offer whose pass opens a feed: one that runs, else the one that ended last, which still opens what was published
 * before. Undefined when the account owns the feed or holds no pass.
 */
export async function findFeedOffer(client: AgoraiClient, version: bigint): Promise<bigint | undefined> {
  const running = await findEntitlingOffer(client, version)
  if (running !== undefined) return running
  const asset = await assetOfVersion(client, version)
  const holder = walletOf(client).account.address
  const { passes } = await client.http.json(passListSchema, passesOf(holder, asset))
  const ended = passes.filter(({ state }) => state === 'expired').sort((a, b) => (b.expiry ?? 0) - (a.expiry ?? 0))
  return ended[0] === undefined ? undefined : BigInt(ended[0].offer)
}
