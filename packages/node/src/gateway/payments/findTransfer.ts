import { testUsdAbi } from '@agorai/core'
import { erc20Abi, type Hex, isAddressEqual, type PublicClient, parseEventLogs } from 'viem'
import { getAbiItem } from 'viem/utils'
import { askChain } from '../askChain.js'

type Authorization = { from: Hex; to: Hex; value: string; nonce: Hex }

/** An answer is asked for again within a day or so; RPC endpoints look no further back at once. */
const blocksMax = 10_000n
const used = getAbiItem({ abi: testUsdAbi, name: 'AuthorizationUsed' })

/**
 * The transaction that an EIP-3009 authorization was used in, if it moved what was authorized to whom it was authorized:
 * a payer can use the same nonce for something else.
 *
 * @throws AgoraiError `chain_unavailable`
 */
export async function findTransfer(
  client: PublicClient,
  { from, to, value, nonce }: Authorization,
  token: Hex,
): Promise<Hex | undefined> {
  return askChain(async () => {
    const args = [from, nonce] as const
    const isUsed = await client.readContract({
      address: token,
      abi: testUsdAbi,
      functionName: 'authorizationState',
      args,
    })
    if (!isUsed) return undefined
    const head = await client.getBlockNumber({ cacheTime: 0 })
    const fromBlock = head > blocksMax ? head - blocksMax : 0n
    const [log] = await client.getLogs({
      address: token,
      event: used,
      args: { authorizer: from, nonce },
      fromBlock,
      toBlock: head,
    })
    if (log === undefined) return undefined
    const { logs } = await client.getTransactionReceipt({ hash: log.transactionHash })
    // Of one transaction many authorizations can be used: what this one moved is what the token says right after its use.
    const next = logs.find(({ address, logIndex }) => isAddressEqual(address, token) && logIndex > log.logIndex)
    const moved = parseEventLogs({ abi: erc20Abi, eventName: 'Transfer', logs: next === undefined ? [] : [next] }).some(
      ({ args: transfer }) =>
        isAddressEqual(transfer.from, from) && isAddressEqual(transfer.to, to) && transfer.value === BigInt(value),
    )
    return moved ? log.transactionHash : undefined
  })
}
