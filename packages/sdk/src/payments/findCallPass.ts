import { getAsset } from '../actions/getAsset.js'
import { getPass } from '../actions/getPass.js'
import type { AgoraiClient } from '../createAgoraiClient.js'

/**
 * The offer of a pass of the client's account that is sold for calls of this service and runs now: the offers by the index,
 * the pass by the chain. Undefined where the account has none.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`, `chain_unavailable`
 */
export async function findCallPass(client: AgoraiClient, service: bigint): Promise<bigint | undefined> {
  const { offers } = await getAsset(client, { asset: service })
  const ofCalls = offers.filter(({ usage }) => usage === 'inference')
  const passes = await Promise.all(ofCalls.map(({ id }) => getPass(client, { offer: BigInt(id) })))
  return passes.find(({ running }) => running)?.offer
}
