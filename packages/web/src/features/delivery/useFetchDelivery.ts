import { type FetchDeliveryReturnType, fetchDelivery } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'
import { useAgorai } from '../../app/AgoraiProvider.js'

export type FetchedDelivery = FetchDeliveryReturnType & {
  /** The decrypted content. The browser keeps large ones on disk. */
  file: Blob
}

export type DownloadProgress = { bytes: number; bytesTotal: number }

/** Gets the key from the operator, once the purchase is confirmed, then downloads and decrypts into this browser. */
export function useFetchDelivery() {
  const { client } = useAgorai()
  return useMutation({
    mutationFn: async (parameters: {
      version: string
      offer?: string
      onProgress: (progress: DownloadProgress) => void
    }): Promise<FetchedDelivery> => {
      const { version, offer, onProgress } = parameters
      const delivery = await fetchDelivery(client, {
        version: BigInt(version),
        ...(offer === undefined ? {} : { offer: BigInt(offer) }),
      })
      const slices: BlobPart[] = []
      for await (const slice of delivery.plaintext({ onProgress })) slices.push(new Uint8Array(slice))
      return { ...delivery, file: new Blob(slices, { type: 'application/octet-stream' }) }
    },
  })
}
