import { collectRevenue } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { waitForBlock } from '../../app/waitForBlock.js'
import { pulledFlows } from '../lineage/movement.js'

/** Whose revenue: all of one account's, or everyone's out of a version and what it is built from. */
export type CollectSubject = { account: `0x${string}` } | { version: string }

/** Collects, and reads from the chain what moved along which edge. */
export function useCollectRevenue() {
  const { client } = useAgorai()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ subject, token }: { subject: CollectSubject; token: `0x${string}` }) => {
      const { amount, hashes } = await collectRevenue(
        client,
        'account' in subject ? { account: subject.account, token } : { version: BigInt(subject.version), token },
      )
      const receipts = await Promise.all(hashes.map((hash) => client.publicClient.getTransactionReceipt({ hash })))
      const last = receipts.at(-1)
      if (last !== undefined) await waitForBlock(client, { block: last.blockNumber, seenAs: 'indexedBlock' })
      return { amount, hashes, flows: pulledFlows(receipts.flatMap(({ logs }) => logs)) }
    },
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'client' }),
  })
}
