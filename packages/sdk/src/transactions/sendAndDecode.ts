import { AgoraiError } from '@agorai/core'
import type {
  Abi,
  Address,
  ContractEventName,
  ContractFunctionArgs,
  ContractFunctionName,
  Hash,
  ParseEventLogsReturnType,
  TransactionReceipt,
} from 'viem'
import { isAddressEqual, parseEventLogs } from 'viem'
import { type ChainClient, walletOf } from '../createChainClient.js'
import { toAgoraiError } from './toAgoraiError.js'
import { waitForReceipt } from './waitForReceipt.js'

export type SendAndDecodeParameters<
  abi extends Abi,
  functionName extends ContractFunctionName<abi, 'nonpayable' | 'payable'>,
  eventName extends ContractEventName<abi>,
> = {
  address: Address
  abi: abi
  functionName: functionName
  args: ContractFunctionArgs<abi, 'nonpayable' | 'payable', functionName>
  /** Events of this name, emitted by this contract in this transaction, are decoded. */
  eventName: eventName
}

export type SendAndDecodeReturnType<abi extends Abi, eventName extends ContractEventName<abi>> = {
  events: ParseEventLogsReturnType<abi, eventName, true>
  hash: Hash
  receipt: TransactionReceipt
}

const receiptTimeoutMs = 120_000

/**
 * Simulates a transaction, sends it, waits until it is mined and decodes its events. What the simulation refuses is never
 * sent and costs nothing.
 *
 * @throws AgoraiError the code of the revert, `funds_missing`, `wallet_declined`, `chain_unavailable` when the chain went
 * silent: the transaction may have been mined then, so look before sending it again.
 */
export async function sendAndDecode<
  const abi extends Abi,
  functionName extends ContractFunctionName<abi, 'nonpayable' | 'payable'>,
  eventName extends ContractEventName<abi>,
>(
  client: ChainClient,
  parameters: SendAndDecodeParameters<abi, functionName, eventName>,
): Promise<SendAndDecodeReturnType<abi, eventName>> {
  const { address, abi, functionName, args, eventName } = parameters
  const wallet = walletOf(client)
  const { publicClient } = client
  // viem's parameter types depend on the ABI in ways that do not survive a second layer of generics.
  const call = { address, abi: abi as Abi, functionName: functionName as string, args: args as readonly unknown[] }
  try {
    await publicClient.simulateContract({ ...call, account: wallet.account })
    const hash = await wallet.writeContract({ ...call, account: wallet.account, chain: publicClient.chain })
    const receipt = await waitForReceipt(publicClient, hash, {
      timeoutMs: receiptTimeoutMs,
      pollingInterval: client.info.chain.local ? 5 : 1_000,
    })
    if (receipt.status === 'reverted') {
      // Another transaction came in between. The same call on the state after it says why.
      await publicClient.simulateContract({ ...call, account: wallet.account, blockNumber: receipt.blockNumber })
      throw new AgoraiError('transaction_reverted', `Transaction ${hash} was reverted.`, { details: { hash } })
    }
    const logs = receipt.logs.filter((log) => isAddressEqual(log.address, address))
    return { events: parseEventLogs({ abi, logs, eventName }), hash, receipt }
  } catch (cause) {
    throw toAgoraiError(cause)
  }
}

/** The one event that a transaction of this kind always emits. */
export function onlyEvent<event>(events: readonly event[]): event {
  const [event] = events
  if (event !== undefined) return event
  throw new AgoraiError('internal', 'The transaction was mined without the event it always has.')
}
