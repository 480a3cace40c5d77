import { batchSettlementAbi, batchSettlementAddress, type ChannelConfig } from '@agorai/core'
import type { Hex } from 'viem'
import { readContract } from '../transactions/readContract.js'
import type { Payer } from './payer.js'
import { readChannel } from './signChannel.js'

/** A channel as the chain has it. Amounts are base units of its token. */
export type ChannelState = {
  channel: Hex
  config: ChannelConfig
  /** Deposited and not given back, by the chain. */
  balance: bigint
  /** Claimed of it by the operator, by the chain. */
  totalClaimed: bigint
  /** What its calls came to, as far as this payer knows; undefined when it remembers nothing. */
  charged: bigint | undefined
  /** A withdrawal that has begun, and when it began, in unix seconds. */
  withdrawal: { amount: bigint; initiatedAt: number } | undefined
}

/** @throws AgoraiError `chain_unavailable` */
export async function readChannelState(
  payer: Payer,
  { channel, config }: Pick<ChannelState, 'channel' | 'config'>,
): Promise<ChannelState> {
  const [funds, [amount, initiatedAt], kept] = await Promise.all([
    readChannel(payer, channel),
    readContract(payer.client, {
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
