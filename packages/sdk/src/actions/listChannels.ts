import { type ChannelConfig, loadChannelDigests, servedServicesSchema } from '@agorai/core'
import { type Hex, hexToBigInt } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { askTerms } from '../payments/askTerms.js'
import { type ChannelState, readChannelState } from '../payments/channelState.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { type ChannelRequirements, channelFor, channelSalt, channelsMax } from '../payments/signChannel.js'

export type ListChannelsParameters = {
  /** A service of the operator. Default: what the operator serves, one service of each token. */
  asset?: bigint | undefined
  /** Channels that are remembered: they are found whatever their operator serves, and a mandate's by nothing else. */
  configs?: readonly ChannelConfig[] | undefined
  payer?: Payer | undefined
}
/**
 * `index`: 0 pays calls one by one, those after it pay sessions; undefined for a mandate's. `service`: one by which the
 * operator is asked to give back what is left; undefined where it serves none in this token.
 */
export type ListedChannel = ChannelState & { index: number | undefined; service: bigint | undefined }
export type ListChannelsReturnType = ListedChannel[]

/**
 * The payer's channels in which money is or was, as the chain has them, in the order of their indexes.
 *
 * @throws AgoraiError `model_not_found` for a named service that is not served, `payment_refused` when another than the
 * operator would be paid, `chain_unavailable`, `node_unavailable`
 */
export async function listChannels(
  client: AgoraiClient,
  { asset, configs = [], payer = createPayer(client) }: ListChannelsParameters = {},
): Promise<ListChannelsReturnType> {
  const { channelOf } = await loadChannelDigests(client.info.chain.id)
  const known = new Map<Hex, Known>(configs.map((config) => [channelOf(config), { config, service: undefined }]))
  for (const { service, terms } of asset === undefined ? await servicesOf(client) : [await serviceOf(payer, asset)])
    for (let index = 0; index <= channelsMax; index++) {
      const { channel, config } = await channelFor(payer, terms, channelSalt(index))
      known.set(channel, { config, service })
    }
  const states = await Promise.all(
    Array.from(known, async ([channel, { config, service }]) => ({
      ...(await readChannelState(payer, { channel, config })),
      ...{ index: indexOf(config), service },
    })),
  )
  return states
    .filter(({ balance, withdrawal }) => balance > 0n || withdrawal !== undefined)
    .sort((one, other) => (one.index ?? channelsMax + 1) - (other.index ?? channelsMax + 1))
}

type Known = { config: ChannelConfig; service: bigint | undefined }

type Served = { service: bigint; terms: ChannelRequirements }

async function serviceOf(payer: Payer, service: bigint): Promise<Served> {
  return { service, terms: (await askTerms(payer, service)).requirements }
}

/** One of each token is enough: a channel is the operator's, not the service's. */
async function servicesOf(client: AgoraiClient): Promise<Served[]> {
  const { services, channels } = await client.http.json(servedServicesSchema, { path: 'api/v1/services' })
  if (channels === undefined) return []
  const extra = { receiverAuthorizer: channels.receiver, withdrawDelay: channels.withdrawDelay }
  const byToken = new Map(services.map(({ serving, asset }) => [serving.token.toLowerCase(), { serving, asset }]))
  return Array.from(byToken.values(), ({ serving, asset }) => ({
    service: BigInt(asset),
    terms: { payTo: channels.receiver, asset: serving.token, extra },
  }))
}

function indexOf({ salt }: ChannelConfig): number | undefined {
  const index = hexToBigInt(salt)
  return index <= BigInt(channelsMax) ? Number(index) : undefined
}
