import { type Mandate, type SignedMandate, toTypedData } from '@agorai/core'
import type { Address } from 'viem'
import { getAddress } from 'viem/utils'
import { signerOf, signingDomainOf } from '../contributions/signRequest.js'
import type { AgoraiClient } from '../createAgoraiClient.js'
import { chainTime } from '../transactions/chainTime.js'
import { randomWord, signMessage } from '../transactions/signMessage.js'

export type SignMandateParameters = {
  /** Who may spend. */
  agent: Address
  token: Address
  /** The most that one signature of the agent gives away, in base units. */
  perCallMax: bigint
  /** The most in one UTC day. */
  perDayMax: bigint
  /** The most ever. Default: what the channel holds. */
  totalMax?: bigint | undefined
  /** Assets that may be paid for. Default: all. */
  assets?: readonly bigint[] | undefined
  /** Seconds from now. Default 30 days. */
  validSeconds?: number | undefined
}

const validSecondsDefault = 30 * 86_400

/**
 * Signs, as an owner of money, what an agent may spend of it. Nothing moves: the agent spends from the channel that
 * `fundMandate` deposits into, whose id commits to the mandate.
 *
 * @throws AgoraiError `wallet_declined`, `chain_unavailable`
 */
export async function signMandate(client: AgoraiClient, parameters: SignMandateParameters): Promise<SignedMandate> {
  const { agent, token, perCallMax, perDayMax, totalMax = 0n, assets = [] } = parameters
  const { validSeconds = validSecondsDefault } = parameters
  const mandate: Mandate = {
    owner: signerOf(client),
    agent: getAddress(agent),
    token: getAddress(token),
    ...{ perCallMax, perDayMax, totalMax, assets },
    nonce: randomWord(),
    expiry: (await chainTime(client)) + BigInt(validSeconds),
  }
  return { mandate, signature: await signMessage(client, toTypedData(signingDomainOf(client), 'Mandate', mandate)) }
}
