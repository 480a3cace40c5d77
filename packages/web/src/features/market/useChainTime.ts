import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'

const tickMs = 5_000

/**
 * Unix seconds by the chain's clock, which decides what a price is and when a window ends: a local chain may be ahead of
 * this machine's. Moves on every five seconds. Undefined until the chain has answered.
 */
export function useChainTime(): number | undefined {
  const { client } = useAgorai()
  const [, tick] = useState(0)
  const asked = useQuery({
    queryKey: ['chainTime'],
    queryFn: async () => {
      // The block that would come now; a chain that mines on demand may not have made one for hours.
      const pending = await client.publicClient
        .getBlock({ blockTag: 'pending' })
        .catch(() => client.publicClient.getBlock())
      return { seconds: Number(pending.timestamp), atMs: performance.now() }
    },
  })
  useEffect(() => {
    const timer = window.setInterval(() => tick((count) => count + 1), tickMs)
    return () => window.clearInterval(timer)
  }, [])
  if (asked.data === undefined) return undefined
  return asked.data.seconds + Math.floor((performance.now() - asked.data.atMs) / 1000)
}
