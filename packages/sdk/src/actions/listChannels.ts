import { type ChannelConfig, loadChannelDigests } from '@agorai/core'
import { hexToBigInt } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { askTerms } from '../payments/askTerms.js'
import { type ChannelState, readChannelState } from '../payments/channelState.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { channelFor, channelSalt, channelsMax } from '../payments/signChannel.js'

export type ListChannelsParameters = {
  /** A service of the operator whose channels with this account are looked for. */
  asset?: bigint | undefined
  /** Channels that are remembered: they are found whatever their operator does. */
  configs?: readonly ChannelConfig[] | undefined
  payer?: Payer | undefined
}
/** `index`: 0 pays calls one by one, those after it pay sessions; undefined for a mandate's. */
export type ListedChannel = ChannelState & { index: number | undefined }
export type ListChannelsReturnType = ListedChannel[]

/**
 * The payer's channels in which money is or was, as the chain has them, in the order of their indexes.
 *
 * @throws AgoraiError `model_not_found`, `payment_refused` where the operator takes no channels, `chain_unavailable`
 */
export async function listChannels(
  client: AgoraiClient,
  { asset, configs = [], payer = createPayer(client) }: ListChannelsParameters,
): Promise<ListChannelsReturnType> {
  const { channelOf } = await loadChannelDigests(client.info.chain.id)
  const known = new Map(configs.map((config) => [channelOf(config), config]))
  if (asset !== undefined) {
    const { requirements } = await askTerms(payer, asset)
    for (let index = 0; index <= channelsMax; index++) {
      const { channel, config } = await channelFor(payer, requirements, channelSalt(index))
      known.set(channel, config)
    }
  }
  const states = await Promise.all(
    Array.from(known, ([channel, config]) => readChannelState(payer, { channel, config })),
  )
  return states
    .filter(({ balance, withdrawal }) => balance > 0n || withdrawal !== undefined)
    .map((state) => ({ ...state, index: indexOf(state.config) }))
    .sort((one, other) => (one.index ?? channelsMax + 1) - (other.index ?? channelsMax + 1))
}

function indexOf({ salt }: ChannelConfig): number | undefined {
  const index = hexToBigInt(salt)
  return index <= BigInt(channelsMax) ? Number(index) : undefined
}
