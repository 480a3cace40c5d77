import { AgoraiError, policyOfMandate, type SignedMandate, type SpendingPolicy } from '@agorai/core'
import type { Address } from 'viem'
import { isAddressEqual } from 'viem/utils'
import { signerOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { type ChannelStore, createChannelMemory } from './channelStore.js'
import { createSpendingGuard, createSpendingMemory, type SpendingGuard, type SpendingStore } from './spendingGuard.js'

/** Who pays for calls: an account, what it may spend, and what it remembers of its channels. Keep one and use it for all. */
export type Payer = {
  client: AgoraiClient
  /** Whose money it is. */
  address: Address
  /** Who signs the vouchers of its channels. */
  authorizer: Address
  channels: ChannelStore
  spending: SpendingGuard
  mandate: SignedMandate | undefined
}

export type CreatePayerParameters = {
  /** What may be spent. Default: whatever is asked for. */
  policy?: SpendingPolicy | undefined
  /** Where it is kept what was spent. Default: in memory, so a restart forgets it. */
  spending?: SpendingStore | undefined
  /** Default: in memory; what is forgotten is recovered from the operators. */
  channels?: ChannelStore | undefined
  /** Spends the channel of the mandate's owner, within the mandate. The client's account is its agent. */
  mandate?: SignedMandate | undefined
  /** Where it is kept what was spent under the mandate. */
  mandateSpending?: SpendingStore | undefined
}

/**
 * @throws AgoraiError `invalid_request` without an account, `mandate_invalid` for a mandate of another agent
 * @example const payer = createPayer(client, { policy: { token, perDayMax: 5_000_000n } })
 */
export function createPayer(client: AgoraiClient, parameters: CreatePayerParameters = {}): Payer {
  const { policy, mandate, channels = createChannelMemory() } = parameters
  const signer = signerOf(client)
  if (mandate !== undefined && !isAddressEqual(mandate.mandate.agent, signer))
    throw new AgoraiError('mandate_invalid', `It is for ${mandate.mandate.agent}, and this is ${signer}.`, {
      field: 'mandate',
    })
  const { spending = createSpendingMemory(), mandateSpending = createSpendingMemory() } = parameters
  return {
    client,
    address: mandate?.mandate.owner ?? signer,
    authorizer: signer,
    channels,
    spending: createSpendingGuard([
      ...(policy === undefined ? [] : [{ policy, store: spending }]),
      ...(mandate === undefined ? [] : [{ policy: policyOfMandate(mandate.mandate), store: mandateSpending }]),
    ]),
    mandate,
  }
}
