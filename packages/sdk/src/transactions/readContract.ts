import type { Abi, Address, ContractFunctionArgs, ContractFunctionName, ContractFunctionReturnType } from 'viem'
import type { ChainClient } from '../createChainClient.js'
import { toAgoraiError } from './toAgoraiError.js'

/** Reads a contract at the latest block, its failures decoded like those of transactions. */
export async function readContract<
  const abi extends Abi,
  functionName extends ContractFunctionName<abi, 'pure' | 'view'>,
  const args extends ContractFunctionArgs<abi, 'pure' | 'view', functionName>,
>(
  client: ChainClient,
  call: { address: Address; abi: abi; functionName: functionName; args: args },
): Promise<ContractFunctionReturnType<abi, 'pure' | 'view', functionName, args>> {
  try {
    return (await client.publicClient.readContract(call as never)) as ContractFunctionReturnType<
      abi,
      'pure' | 'view',
      functionName,
      args
    >
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}
