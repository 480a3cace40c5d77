import type { LedgerVertex } from '@agorai/core'
import { type Address, type Hex, zeroAddress } from 'viem'
import type { Queryable } from '../ports/database.js'
import { toLedgerVertex } from './ledger.js'
import { collectionKind, type EdgeRow, type SupplyRow } from './rows.js'

/**
 * A part in the residue of one version: its owner's, that of one leaf of its contributor tree, or that of all its
 * contributors together, where this node has no manifest whose leaves the chain's root proves. Members of a collection
 * have none in it: what is due to them is a royalty of their own versions.
 */
export type Position = {
  vertex: LedgerVertex
  name: string | null
  account: Address
  /** Sum of all weights of the version. */
  weightSum: bigint
} & ({ role: 'owner' } | { role: 'contributor'; weight: bigint; start: bigint; label: string } | { role: 'unproven' })

type PositionRow = {
  version: bigint
  name: string | null
  fee_bps: number
  contributor_bps: number
  contributor_root: Hex
  royalties: EdgeRow[]
  supplies: SupplyRow[]
  role: Position['role']
  account: Address
  weight: bigint | null
  weight_start: bigint | null
  label: string | null
}

const columns = `v.version, m.name, v.fee_bps, v.contributor_bps, v.contributor_root,
  coalesce(e.royalties, '[]') AS royalties, coalesce(e.supplies, '[]') AS supplies`

const tables = `version_published v LEFT JOIN edges_drawn e ON e.version = v.version
  LEFT JOIN manifests m ON m.digest = v.manifest_digest`

const owners = `SELECT ${columns}, 'owner' AS role, o.owner AS account,
    NULL::numeric AS weight, NULL::numeric AS weight_start, NULL::text AS label, -1 AS position
  FROM ${tables} JOIN asset_owners o ON o.asset = v.asset`

const contributors = `SELECT ${columns}, CASE WHEN c.account IS NULL THEN 'unproven' ELSE 'contributor' END AS role,
    coalesce(c.account, '${zeroAddress}') AS account, c.weight, c.weight_start, c.label, coalesce(c.position, 0) AS position
  FROM ${tables} LEFT JOIN manifest_contributors c ON c.digest = m.digest AND m.contributor_root = v.contributor_root`

const withParts = `v.contributor_bps > 0 AND (v.kind <> ${collectionKind} OR c.account IS NULL)`

/** Everyone who has a part in these versions: of each the owner, then the contributors in the order of their tree. */
export const readPositionsOf = (database: Queryable, versions: readonly bigint[]): Promise<Position[]> =>
  readPositions(database, 'v.version = ANY ($1::numeric[])', 'v.version = ANY ($1::numeric[])', versions.map(String))

/** All parts that one account has in versions. */
export const readPositionsHeldBy = (database: Queryable, account: Address): Promise<Position[]> =>
  readPositions(database, 'o.owner = $1::text', 'c.account = $1::text', account.toLowerCase())

async function readPositions(
  database: Queryable,
  whereOwner: string,
  whereContributor: string,
  parameter: string | readonly string[],
): Promise<Position[]> {
  const rows = await database.query<PositionRow>(
    `${owners} WHERE ${whereOwner}
     UNION ALL ${contributors} WHERE ${whereContributor} AND ${withParts}
     ORDER BY version, position`,
    [parameter],
  )
  return rows.map(toPosition)
}

function toPosition(row: PositionRow): Position {
  const position = {
    vertex: toLedgerVertex(row),
    name: row.name,
    account: row.account,
    weightSum: weightSumOf(row.contributor_root),
  }
  if (row.weight === null || row.weight_start === null)
    return { ...position, role: row.role === 'owner' ? 'owner' : 'unproven' }
  return { ...position, role: 'contributor', weight: row.weight, start: row.weight_start, label: row.label ?? '' }
}

/** A contributor root carries the sum of all weights in its low 64 bits. */
const weightSumOf = (contributorRoot: Hex): bigint => BigInt(contributorRoot) & (2n ** 64n - 1n)
