import { watchEvents } from '@agorai/sdk'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useAgorai } from './AgoraiProvider.js'

/** What the node answers from its index, and so may be another answer after an event. */
const indexed = ['assets', 'asset', 'lineage']
/** A block's events come together, and are one reason to ask again. */
const quietMs = 300

/** Asks again for what is shown when something happened on the chain, or was taken back. */
export function useLiveUpdates(): void {
  const { client } = useAgorai()
  const queries = useQueryClient()
  useEffect(() => {
    let ended = new AbortController()
    let timer: number | undefined
    const refresh = () => {
      for (const key of indexed) void queries.invalidateQueries({ queryKey: [key] })
    }
    const watch = async (signal: AbortSignal) => {
      for await (const _ of watchEvents(client, { signal })) {
        window.clearTimeout(timer)
        timer = window.setTimeout(refresh, quietMs)
      }
    }
    // A page that nobody looks at holds no connection: browsers have few of them for one node.
    const follow = () => {
      ended.abort()
      if (document.hidden) return
      ended = new AbortController()
      // A node that refuses a stream is still read by hand.
      watch(ended.signal).catch(() => {})
    }
    follow()
    document.addEventListener('visibilitychange', follow)
    return () => {
      document.removeEventListener('visibilitychange', follow)
      ended.abort()
      window.clearTimeout(timer)
    }
  }, [client, queries])
}
