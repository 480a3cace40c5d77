import { getOffers } from '../actions/getOffers.js'
import { getPass } from '../actions/getPass.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { everyPage } from '../http/everyPage.js'

/**
 * The offer of a pass of the client's account that is sold for calls of this service and runs now: the offers by the index,
 * the pass by the chain. Undefined where the account has none.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`, `chain_unavailable`
 */
export async function findCallPass(client: AgoraiClient, service: bigint): Promise<bigint | undefined> {
  for await (const { offers } of everyPage((cursor) => getOffers(client, { asset: service, cursor }))) {
    const ofCalls = offers.filter(({ usage }) => usage === 'inference')
    const passes = await Promise.all(ofCalls.map(({ id }) => getPass(client, { offer: BigInt(id) })))
    const running = passes.find((pass) => pass.running)
    if (running !== undefined) return running.offer
  }
  return undefined
}
