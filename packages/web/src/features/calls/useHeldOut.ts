import { AgoraiError } from '@agorai/core'
import { useQuery } from '@tanstack/react-query'
import { z } from 'zod'

const heldOutSchema = z.object({ rows: z.array(z.object({ label: z.string(), pixels: z.string() })) })

/** One digit of each kind from the held-out rows (examples/digits/data/SOURCE.md), which come with the page. */
export function useHeldOut() {
  return useQuery({
    queryKey: ['heldOut'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const response = await fetch('/held-out.json')
      if (!response.ok) throw new AgoraiError('node_unavailable', 'The example digits did not come.')
      return heldOutSchema.parse(await response.json()).rows
    },
  })
}
