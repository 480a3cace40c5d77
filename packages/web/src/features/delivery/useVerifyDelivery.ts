import { readStream, verifyDelivery } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { type Fact, factsOf } from './facts.js'
import type { FetchedDelivery } from './useFetchDelivery.js'

/** Computes again, from the file itself and from the chain, all that was stated about it. */
export function useVerifyDelivery() {
  const { client } = useAgorai()
  return useMutation({
    mutationFn: async (delivery: FetchedDelivery): Promise<{ facts: Fact[]; file: Blob }> => {
      const { contentKey, file, manifestBytes, publisher, saltSeed, version } = delivery
      const { checks } = await verifyDelivery(client, {
        version,
        publisher,
        contentKey,
        saltSeed,
        manifestBytes,
        plaintext: () => readStream(file.stream()),
      })
      return { facts: factsOf(checks), file }
    },
  })
}
