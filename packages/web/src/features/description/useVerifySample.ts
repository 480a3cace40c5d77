import type { Manifest } from '@agorai/core'
import { verifySample } from '@agorai/sdk'
import { useMutation } from '@tanstack/react-query'

/** Computes in this browser whether the rows that are shown are rows of the content. */
export function useVerifySample(manifest: Manifest) {
  return useMutation({ mutationFn: () => verifySample(manifest) })
}
