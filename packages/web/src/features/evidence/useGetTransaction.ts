import { useQuery } from '@tanstack/react-query'
import { TransactionReceiptNotFoundError } from 'viem'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** A transaction's receipt and block, read from the chain itself; null where it has mined no such transaction. */
export function useGetTransaction(hash: `0x${string}`) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['transaction', hash],
    queryFn: async () => {
      const receipt = await client.publicClient.getTransactionReceipt({ hash }).catch((cause) => {
        if (cause instanceof TransactionReceiptNotFoundError) return null
        throw cause
      })
      if (receipt === null) return null
      const block = await client.publicClient.getBlock({ blockNumber: receipt.blockNumber })
      return { receipt, publishedAt: Number(block.timestamp) }
    },
  })
}
