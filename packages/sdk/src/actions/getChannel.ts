import type { AgoraiClient } from '../createAgoraiClient.js'
import { askTerms } from '../payments/askTerms.js'
import { type ChannelState, readChannelState } from '../payments/channelState.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { channelFor, channelSalt } from '../payments/signChannel.js'

export type GetChannelParameters = {
  /** A service of the operator. */
  asset: bigint
  /** Which channel with the operator: 0 pays calls one by one, those after it pay sessions. */
  index?: number | undefined
  payer?: Payer | undefined
}
export type GetChannelReturnType = ChannelState

/**
 * The payer's channel with the operator of a service, as the chain has it.
 *
 * @throws AgoraiError `model_not_found`, `payment_refused` where the operator takes no channels, `chain_unavailable`
 */
export async function getChannel(
  client: AgoraiClient,
  { asset, index = 0, payer = createPayer(client) }: GetChannelParameters,
): Promise<GetChannelReturnType> {
  const { requirements } = await askTerms(payer, asset)
  return readChannelState(payer, await channelFor(payer, requirements, channelSalt(index)))
}
