import { stoppedServingSchema } from '@agorai/core'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { postSigned } from '../publishing/postSigned.js'

export type StopServingParameters = {
  /** The service, of which the client's account is the owner. */
  asset: bigint
}
export type StopServingReturnType = { stopped: bigint }

/**
 * Has the node serve a service no more. Calls under way are answered; what was paid stays the till's.
 *
 * @throws AgoraiError `not_owner`, `model_not_found` when it is not served, `wallet_declined`, `node_unavailable`
 */
export async function stopServing(
  client: AgoraiClient,
  { asset }: StopServingParameters,
): Promise<StopServingReturnType> {
  const { stopped } = await postSigned(client, stoppedServingSchema, {
    resource: `services/${asset}/stop`,
    document: { asset: String(asset) },
  })
  return { stopped: BigInt(stopped) }
}
