import { useQuery } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

/** A transaction's receipt and block, read from the chain itself. */
export function useGetTransaction(hash: `0x${string}`) {
  const { client } = useAgorai()
  return useQuery({
    queryKey: ['transaction', hash],
    queryFn: async () => {
      const receipt = await client.publicClient.getTransactionReceipt({ hash })
      const block = await client.publicClient.getBlock({ blockNumber: receipt.blockNumber })
      return { receipt, publishedAt: Number(block.timestamp) }
    },
  })
}
