import type { Hash } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { registryOf } from '../transactions/contracts.js'
import { onlyEvent, sendAndDecode } from '../transactions/sendAndDecode.js'

export type SetTillVersionParameters = {
  asset: bigint
  /** One of the asset's versions; 0 is the current one, whichever that is. */
  version: bigint
}
export type SetTillVersionReturnType = {
  asset: bigint
  version: bigint
  /** Unix seconds from which on the till is swept there: a week ahead, so that everyone can sweep before. */
  effectiveAt: number
  hash: Hash
}

/**
 * Names the version into which the till of the account's asset is swept. One that owes others less than the current
 * version, or shares less with contributors, is passed over.
 *
 * @throws AgoraiError `not_owner`, `not_found`, `chain_unavailable`
 */
export async function setTillVersion(
  client: ChainClient,
  { asset, version }: SetTillVersionParameters,
): Promise<SetTillVersionReturnType> {
  const call = { ...registryOf(client), functionName: 'setTillVersion', args: [asset, version] } as const
  const { events, hash } = await sendAndDecode(client, { ...call, eventName: 'TillVersionSet' })
  return { asset, version, effectiveAt: Number(onlyEvent(events).args.effectiveAt), hash }
}
