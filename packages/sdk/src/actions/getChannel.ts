import { batchSettlementAbi, batchSettlementAddress, type ChannelConfig } from '@agorai/core'
import type { Hex } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { askTerms } from '../payments/askTerms.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { channelFor, channelSalt, readChannel } from '../payments/signChannel.js'
import { readContract } from '../transactions/readContract.js'

export type GetChannelParameters = {
  /** A service of the operator. */
  asset: bigint
  /** Which channel with the operator: 0 pays calls one by one, those after it pay sessions. */
  index?: number | undefined
  payer?: Payer | undefined
}
/** Amounts are base units of the channel's token. */
export type GetChannelReturnType = {
  channel: Hex
  config: ChannelConfig
  /** Deposited and not given back, by the chain. */
  balance: bigint
  /** Claimed of it by the operator, by the chain. */
  totalClaimed: bigint
  /** What its calls came to, as far as this payer knows; undefined when it remembers nothing. */
  charged: bigint | undefined
  /** A withdrawal that has begun, and when it began. */
  withdrawal: { amount: bigint; initiatedAt: number } | undefined
}

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
  const { channel, config } = await channelFor(payer, requirements, channelSalt(index))
  const [funds, [amount, initiatedAt], kept] = await Promise.all([
    readChannel(payer, channel),
    readContract(client, {
      address: batchSettlementAddress,
      abi: batchSettlementAbi,
      functionName: 'pendingWithdrawals',
      args: [channel],
    }),
    payer.channels.get(channel),
  ])
  const withdrawal = initiatedAt === 0 ? undefined : { amount, initiatedAt }
  return { channel, config, ...funds, charged: kept?.charged, withdrawal }
}
