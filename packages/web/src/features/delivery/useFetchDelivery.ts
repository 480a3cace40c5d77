import type { Pass } from '@agorai/core'
import { type FetchDeliveryReturnType, fetchDelivery } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { waitForBlock } from '../../app/waitForBlock.js'

export type FetchedDelivery = FetchDeliveryReturnType & {
  /** The decrypted content. The browser keeps large ones on disk. */
  file: Blob
}

export type DownloadProgress = { bytes: number; bytesTotal: number }

const confirmationMs = 60_000

/** Gets the key from the operator, once the purchase is confirmed, then downloads and decrypts into this browser. */
export function useFetchDelivery() {
  const { client } = useAgorai()
  return useMutation({
    mutationFn: async (parameters: {
      version: string
      /** What entitles the account; its owner needs none. */
      pass?: Pass
      onProgress: (progress: DownloadProgress) => void
    }): Promise<FetchedDelivery> => {
      const { version, pass, onProgress } = parameters
      if (pass !== undefined) {
        await waitForBlock(client, { block: BigInt(pass.block), seenAs: 'confirmedBlock', timeoutMs: confirmationMs })
      }
      const delivery = await fetchDelivery(client, {
        version: BigInt(version),
        ...(pass === undefined ? {} : { offer: BigInt(pass.offer) }),
      })
      const slices: BlobPart[] = []
      for await (const slice of delivery.plaintext({ onProgress })) slices.push(new Uint8Array(slice))
      return { ...delivery, file: new Blob(slices, { type: 'application/octet-stream' }) }
    },
  })
}
