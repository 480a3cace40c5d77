import { AgoraiError } from '@agorai/core'
import type { Abi, Address, ContractEventName, GetContractEventsReturnType } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { toAgoraiError } from './toAgoraiError.js'

/** Endpoints limit the range of one question; this is asked first. */
const blocksAtOnce = 10_000n

/**
 * All events of a name that a contract emitted in a range of blocks, oldest first. A range that the endpoint refuses is
 * halved.
 *
 * @param parameters.args Indexed arguments to look for. Several values of one mean any of them.
 * @param parameters.fromBlock Default: where the contracts were deployed.
 * @param parameters.toBlock Default: the latest block.
 * @throws AgoraiError `chain_unavailable` when even single blocks are refused
 */
export async function readLogs<const abi extends Abi, eventName extends ContractEventName<abi>>(
  client: ChainClient,
  parameters: {
    address: Address
    abi: abi
    eventName: eventName
    args?: Record<string, unknown> | undefined
    fromBlock?: bigint | undefined
    toBlock?: bigint | undefined
  },
): Promise<GetContractEventsReturnType<abi, eventName, true>> {
  const { address, abi, eventName, args } = parameters
  const deployedAt = client.info.chain.addresses.deployedAtBlock ?? 0
  const { fromBlock: first = BigInt(deployedAt) } = parameters
  try {
    const last = parameters.toBlock ?? (await client.publicClient.getBlockNumber())
    const logs: GetContractEventsReturnType<abi, eventName, true>[] = []
    let size = blocksAtOnce
    for (let from = first; from <= last; ) {
      const toBlock = from + size - 1n < last ? from + size - 1n : last
      try {
        const question = { address, abi: abi as Abi, eventName: eventName as string, args, fromBlock: from, toBlock }
        const found = await client.publicClient.getContractEvents({ ...question, strict: true } as never)
        logs.push(found as GetContractEventsReturnType<abi, eventName, true>)
        from = toBlock + 1n
      } catch (cause) {
        if (size === 1n)
          throw new AgoraiError('chain_unavailable', `The chain does not tell the logs of block ${from}.`, { cause })
        size = size / 2n
      }
    }
    return logs.flat() as GetContractEventsReturnType<abi, eventName, true>
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}
