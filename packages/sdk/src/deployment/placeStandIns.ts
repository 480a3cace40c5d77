import { batchSettlementAddress, depositCollectorAddress, isLocalChain } from '@agorai/core'
import { runtimes } from '@agorai/core/bytecode'
import type { Address, Hex, PublicClient } from 'viem'

type StandIns = { batchSettlement: Address; depositCollector: Address }
type SetCode = { Method: 'anvil_setCode'; Parameters: [Address, Hex]; ReturnType: null }

/**
 * x402's contracts, where the chain has them. A local chain gets code of ours at their addresses, unless something is
 * there already.
 *
 * @returns undefined where there are none, which is no error: such a chain is paid on without channels.
 */
export async function placeStandIns(client: PublicClient): Promise<StandIns | undefined> {
  const standIns = { batchSettlement: batchSettlementAddress, depositCollector: depositCollectorAddress }
  const isThere = async (address: Address): Promise<boolean> => ((await client.getCode({ address })) ?? '0x') !== '0x'
  const places = [
    { address: batchSettlementAddress, code: runtimes.BatchSettlement },
    { address: depositCollectorAddress, code: runtimes.DepositCollector },
  ]
  for (const { address, code } of places) {
    if (await isThere(address)) continue
    if (!isLocalChain(await client.getChainId())) return undefined
    await client.request<SetCode>({ method: 'anvil_setCode', params: [address, code] })
  }
  return standIns
}
