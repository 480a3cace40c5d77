import type { AssetDetail, Offer } from '@agorai/core'
import { buyOffer } from '@agorai/sdk'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { waitForBlock } from '../../app/waitForBlock.js'

/** Buys a pass of an offer as the reader saw it: a newer version or a higher price is refused. */
export function useBuyOffer() {
  const { client } = useAgorai()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ asset, offer }: { asset: AssetDetail; offer: Offer }) => {
      const bought = await buyOffer(client, {
        offer: BigInt(offer.id),
        version: BigInt(asset.version.id),
        amountMax: BigInt(offer.price),
      })
      const { blockNumber: block } = await client.publicClient.getTransactionReceipt({ hash: bought.hash })
      await waitForBlock(client, { block, seenAs: 'indexedBlock' })
      return bought
    },
    // Also after a failure: the refusal may be about what has changed in the meantime.
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'client' }),
  })
}
