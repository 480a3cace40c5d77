import {
  AgoraiError,
  batchSettlementAbi,
  batchSettlementAddress,
  type ChannelConfig,
  loadChannelDigests,
} from '@agorai/core'
import type { Hash, Hex } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type ChannelState, readChannelState } from '../payments/channelState.js'
import { createPayer, type Payer } from '../payments/payer.js'
import { chainTime } from '../transactions/chainTime.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'
import { type GetChannelParameters, getChannel } from './getChannel.js'

export type WithdrawChannelParameters = (
  | Omit<GetChannelParameters, 'payer'>
  /** The channel itself, as `listChannels` gave it once: its operator need not be there any more. */
  | { config: ChannelConfig }
) & {
  /** Base units. Default: all that was not claimed. */
  amount?: bigint | undefined
  payer?: Payer | undefined
}
/** `begun`: ask again at `at`, in unix seconds. `done`: `amount` base units went back to the payer. */
export type WithdrawChannelReturnType = {
  channel: Hex
  state: 'begun' | 'done'
  amount: bigint
  at: number
  hash: Hash | undefined
}

const settlement = { address: batchSettlementAddress, abi: batchSettlementAbi } as const

/**
 * Takes what was deposited back by the chain alone, without the operator: the first call begins, which gives the operator
 * the channel's delay to claim what it is owed, and a call after that ends it.
 *
 * @throws AgoraiError `invalid_request` when nothing is there, `transaction_reverted`, `chain_unavailable`
 */
export async function withdrawChannel(
  client: AgoraiClient,
  parameters: WithdrawChannelParameters,
): Promise<WithdrawChannelReturnType> {
  const { channel, config, balance, totalClaimed, withdrawal } = await find(client, parameters)
  if (withdrawal === undefined) {
    const amount = parameters.amount ?? balance - totalClaimed
    if (amount === 0n)
      throw new AgoraiError('invalid_request', 'Nothing is left in this channel.', { field: 'channel' })
    const { events, hash } = await sendAndDecode(client, {
      ...settlement,
      functionName: 'initiateWithdraw',
      args: [config, amount],
      eventName: 'WithdrawInitiated',
    })
    return { channel, state: 'begun', amount, at: onlyEvent(events).args.finalizeAfter, hash }
  }
  const at = withdrawal.initiatedAt + config.withdrawDelay
  if ((await chainTime(client)) < BigInt(at))
    return { channel, state: 'begun', amount: withdrawal.amount, at, hash: undefined }
  const { events, hash } = await sendAndDecode(client, {
    ...settlement,
    functionName: 'finalizeWithdraw',
    args: [config],
    eventName: 'WithdrawFinalized',
  })
  return { channel, state: 'done', amount: onlyEvent(events).args.amount, at, hash }
}

async function find(client: AgoraiClient, parameters: WithdrawChannelParameters): Promise<ChannelState> {
  if ('asset' in parameters) return getChannel(client, parameters)
  const { config, payer = createPayer(client) } = parameters
  const { channelOf } = await loadChannelDigests(client.info.chain.id)
  return readChannelState(payer, { channel: channelOf(config), config })
}
