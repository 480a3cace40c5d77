import type { Vertex } from '../http/schemas.js'
import type { LedgerVertex } from './ledger.js'

/** A vertex of the HTTP API, as the ledger's mathematics takes it. */
export const toLedgerVertex = ({ version, feeBps, contributorBps, edges, contributors }: Vertex): LedgerVertex => ({
  version: BigInt(version),
  feeBps,
  contributorBps,
  edges: edges.map(({ ancestor, bps }) => ({ ancestor: BigInt(ancestor), bps })),
  contributors: contributors.map(({ account, weight }) => ({ account, weight: BigInt(weight) })),
})
