import { assetDetailSchema, passListSchema } from '@agorai/core'
import { signerOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'

/**
 * The offer of a running pass of the client's account that is sold for calls of this service, as the index knows it; the
 * operator asks the chain. Undefined where the account has none.
 *
 * @throws AgoraiError `not_found`, `node_unavailable`
 */
export async function findCallPass(client: AgoraiClient, service: bigint): Promise<bigint | undefined> {
  const [{ offers }, { passes }] = await Promise.all([
    client.http.json(assetDetailSchema, { path: `api/v1/assets/${service}` }),
    client.http.json(passListSchema, {
      path: 'api/v1/passes',
      query: { holder: signerOf(client), asset: String(service) },
    }),
  ])
  const ofCalls = new Set(offers.filter(({ usage }) => usage === 'inference').map(({ id }) => id))
  const pass = passes.find(({ state, offer }) => state === 'running' && ofCalls.has(offer))
  return pass === undefined ? undefined : BigInt(pass.offer)
}
