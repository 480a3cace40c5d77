import {
  batchSettlementAbi,
  batchSettlementAddress,
  type ChannelConfig,
  depositCollectorAddress,
  type SignedMandate,
} from '@agorai/core'
import { encodeAbiParameters, type Hash, type Hex } from 'viem'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { checkFunds } from '../market/funds.js'
import { askTerms } from '../payments/askTerms.js'
import { createChannelMemory } from '../payments/channelStore.js'
import type { Payer } from '../payments/payer.js'
import { channelFor, channelSalt, signDeposit } from '../payments/signChannel.js'
import { createSpendingGuard } from '../payments/spendingGuard.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type FundMandateParameters = {
  mandate: SignedMandate
  /** A service of the operator that the agent may pay. */
  asset: bigint
  /** Base units. */
  amount: bigint
}
/** `balance`: what the channel holds now, in base units. `config` is what `withdrawChannel` takes to get it back. */
export type FundMandateReturnType = { channel: Hex; config: ChannelConfig; balance: bigint; hash: Hash }

/**
 * Deposits, as the owner, into the channel that an agent spends by its mandate. What is not spent comes back by
 * `withdrawChannel` or from the operator.
 *
 * @throws AgoraiError `funds_missing`, `payment_refused` where the operator takes no channels, `transaction_reverted`
 */
export async function fundMandate(
  client: AgoraiClient,
  { mandate, asset, amount }: FundMandateParameters,
): Promise<FundMandateReturnType> {
  const payer: Payer = {
    ...{ client, mandate, channels: createChannelMemory(), spending: createSpendingGuard([]) },
    address: mandate.mandate.owner,
    authorizer: mandate.mandate.agent,
  }
  const { requirements } = await askTerms(payer, asset)
  const { channel, config } = await channelFor(payer, requirements, channelSalt(0))
  await checkFunds(client, { token: config.token, amount })
  const { authorization } = await signDeposit(payer, requirements, { channel, amount })
  const { validAfter, validBefore, salt, signature } = authorization.erc3009Authorization
  const collected = encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint256' }, { type: 'bytes' }],
    [BigInt(validAfter), BigInt(validBefore), BigInt(salt), signature],
  )
  const { events, hash } = await sendAndDecode(client, {
    address: batchSettlementAddress,
    abi: batchSettlementAbi,
    functionName: 'deposit',
    args: [config, amount, depositCollectorAddress, collected],
    eventName: 'Deposited',
  })
  return { channel, config, balance: onlyEvent(events).args.newBalance, hash }
}
