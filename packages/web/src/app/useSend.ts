import type { AgoraiClient } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Hash } from 'viem'
import { useAgorai } from './AgoraiProvider.js'
import { waitForBlock } from './waitForBlock.js'

/** Sends one verb of the SDK, waits until the index has seen what it did, and has every page read again. */
export function useSend<parameters, sent extends { hash: Hash } | { hashes: readonly Hash[] }>(
  verb: (client: AgoraiClient, parameters: parameters) => Promise<sent>,
) {
  const { client } = useAgorai()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (parameters: parameters): Promise<sent> => {
      const sent = await verb(client, parameters)
      const hash = 'hash' in sent ? sent.hash : sent.hashes.at(-1)
      if (hash !== undefined) {
        const { blockNumber: block } = await client.publicClient.getTransactionReceipt({ hash })
        await waitForBlock(client, { block, seenAs: 'indexedBlock' })
      }
      return sent
    },
    // Also after a failure: the refusal may be about what has changed in the meantime.
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'client' }),
  })
}
