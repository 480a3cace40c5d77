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
      const { file, manifestBytes, publisher, secrets, version } = delivery
      const { checks } = await verifyDelivery(client, {
        version,
        publisher,
        secrets,
        manifestBytes,
        plaintext: () => readStream(file.stream()),
        read: async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer()),
      })
      return { facts: factsOf(checks), file }
    },
  })
}
