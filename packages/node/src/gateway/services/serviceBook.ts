import type { Hex } from 'viem'
import type { ServiceJournalRecord, ServiceStarted } from '../../ports/serviceRecords.js'

/** Which services their owners want served here, rebuilt from the journal at each start. */
export type ServiceBook = {
  remember(record: ServiceJournalRecord): void
  /** The request that stands for an asset; undefined when it is not to be served. */
  standingOf(asset: bigint): ServiceStarted | undefined
  all(): readonly ServiceStarted[]
  /** Whether a signed request was carried out before: it is not carried out twice. */
  has(request: Hex): boolean
}

export function createServiceBook(): ServiceBook {
  const standing = new Map<string, ServiceStarted>()
  const seen = new Set<Hex>()
  return {
    remember(record) {
      if (seen.has(record.request)) return
      seen.add(record.request)
      standing.delete(record.asset)
      if (record.kind === 'service-started') standing.set(record.asset, record)
    },
    standingOf: (asset) => standing.get(asset.toString()),
    all: () => [...standing.values()],
    has: (request) => seen.has(request),
  }
}
