import { batchSettlementAddress, depositCollectorAddress, isLocalChain } from '@agorai/core'
import { runtimes } from '@agorai/core/bytecode'
import { type Address, type Hex, type PublicClient, RpcError } from 'viem'

type StandIns = { batchSettlement: Address; depositCollector: Address }
type SetCode = { Method: 'anvil_setCode'; Parameters: [Address, Hex]; ReturnType: null }

/**
 * x402's contracts, where the chain has them. A local chain gets code of ours at their addresses, unless something is
 * there already.
 *
 * @returns undefined where there are none, or a local chain that takes no code: such a chain is paid on without channels.
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
    if (!(await setCode(client, address, code))) return undefined
  }
  return standIns
}

/** @returns Whether the chain's program knows how: it is not in the standard, and Anvil does. */
async function setCode(client: PublicClient, address: Address, code: Hex): Promise<boolean> {
  try {
    await client.request<SetCode>({ method: 'anvil_setCode', params: [address, code] })
    return true
  } catch (error) {
    if (error instanceof RpcError) return false
    throw error
  }
}
