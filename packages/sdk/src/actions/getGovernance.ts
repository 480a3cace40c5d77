import { type Address, zeroAddress } from 'viem'
import { isAddressEqual } from 'viem/utils'
import type { ChainClient } from '../createChainClient.js'
import { chainTime } from '../transactions/chainTime.js'
import { ledgerOf, marketOf, registryOf } from '../transactions/contracts.js'
import { readContract } from '../transactions/readContract.js'
import { readLogs } from '../transactions/readLogs.js'

export type GetGovernanceReturnType = {
  /** The timelock: whatever is governed is announced there before it is done. */
  governor: Address
  /** Protocol fee of versions published now, of 10,000. Versions keep the one they were published with. */
  feeBps: number
  treasury: Address
  /** Who may stop new purchases for some days. */
  guardian: Address
  /** Who may set liens; null is nobody. */
  arbiter: Address | null
  /** New purchases are stopped until then, unix seconds; null is not at all. */
  pausedUntil: number | null
  /** Payment tokens that are allowed for new offers and sweeps. */
  tokens: Address[]
}

/**
 * Who may do what, and what is set now, from the chain.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function getGovernance(client: ChainClient): Promise<GetGovernanceReturnType> {
  const [registry, ledger, market] = [registryOf(client), ledgerOf(client), marketOf(client)]
  const none = { args: [] } as const
  const [feeBps, treasury, arbiter, guardian, pausedUntil, now, logs] = await Promise.all([
    readContract(client, { ...registry, ...none, functionName: 'feeBps' }),
    readContract(client, { ...ledger, ...none, functionName: 'treasury' }),
    readContract(client, { ...ledger, ...none, functionName: 'arbiter' }),
    readContract(client, { ...market, ...none, functionName: 'guardian' }),
    readContract(client, { ...market, ...none, functionName: 'pausedUntil' }),
    chainTime(client),
    readLogs(client, { ...ledger, eventName: 'TokenAllowed' }),
  ])
  const allowed = new Map(logs.map(({ args }) => [args.token, args.allowed]))
  return {
    governor: client.info.chain.addresses.governor,
    feeBps,
    treasury,
    guardian,
    arbiter: isAddressEqual(arbiter, zeroAddress) ? null : arbiter,
    pausedUntil: pausedUntil > now ? Number(pausedUntil) : null,
    tokens: [...allowed].flatMap(([token, isAllowed]) => (isAllowed ? [token] : [])),
  }
}
