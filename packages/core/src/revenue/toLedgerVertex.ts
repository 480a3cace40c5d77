import type { Vertex } from '../http/schemas.js'
import type { LedgerVertex } from './ledger.js'

/** A vertex of the HTTP API, as the ledger's mathematics takes it. */
export const toLedgerVertex = (vertex: Vertex): LedgerVertex => ({
  version: BigInt(vertex.version),
  feeBps: vertex.feeBps,
  contributorBps: vertex.contributorBps,
  edges: vertex.edges.map(({ ancestor, bps }) => ({ ancestor: BigInt(ancestor), bps })),
  supplies: vertex.supplies.map(({ supplier, bps }) => ({ supplier: BigInt(supplier), bps })),
  contributors: vertex.contributors.map(({ account, weight }) => ({ account, weight: BigInt(weight) })),
  members: vertex.members.map(({ version, weight }) => ({ version: BigInt(version), weight: BigInt(weight) })),
})
