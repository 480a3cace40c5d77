import { AgoraiError, type Lineage, type Vertex } from '@agorai/core'
import type { Address } from 'viem'
import { getAddress } from 'viem/utils'
import type { Queryable } from '../ports/database.js'
import { toVersion, type VersionRow, versionColumns } from './rows.js'

/** Versions followed in each direction. */
const versionsMax = 500

type VertexRow = VersionRow & { owner: Address; name: string | null }
type LeafRow = { version: bigint; account: Address; weight: bigint; label: string }

/** A version with everything it is built from and everything built from it, by parents and by royalty edges. */
export async function getLineage(database: Queryable, version: bigint): Promise<Lineage> {
  const ancestors = await readAncestors(database, version)
  const related = [...new Set([...ancestors, ...(await readDescendants(database, version))])].map(String)
  const rows = await database.query<VertexRow>(
    `SELECT ${versionColumns}, o.owner, m.name FROM versions v
     JOIN asset_owners o ON o.asset = v.asset LEFT JOIN manifests m ON m.digest = v.manifest_digest
     WHERE v.version = ANY ($1::numeric[]) ORDER BY v.version`,
    [related],
  )
  if (!rows.some((row) => row.version === version))
    throw new AgoraiError('not_found', `There is no version ${version}.`, { field: 'id' })
  const leaves = await readLeaves(database, related)
  return { version: `${version}`, vertices: rows.map((row) => toVertex(row, leaves.get(row.version) ?? [])) }
}

/** The version itself and what it is built from. */
export const readAncestors = (database: Queryable, version: bigint): Promise<bigint[]> =>
  readVersions(
    database,
    version,
    `SELECT r.ancestor::numeric FROM reached
     JOIN version_published v ON v.version = reached.version
     CROSS JOIN LATERAL (
       SELECT jsonb_array_elements_text(v.parents) AS ancestor
       UNION ALL SELECT e ->> 'ancestor' FROM jsonb_array_elements(v.edges) AS e
     ) r`,
  )

/** The version itself and what is built from it. */
const readDescendants = (database: Queryable, version: bigint): Promise<bigint[]> =>
  readVersions(
    database,
    version,
    `SELECT v.version FROM reached JOIN version_published v
     ON v.parents @> jsonb_build_array(reached.version::text)
       OR v.edges @> jsonb_build_array(jsonb_build_object('ancestor', reached.version::text))`,
  )

/** The nearest come first, and the walk ends where no more rows are asked for. */
async function readVersions(database: Queryable, version: bigint, step: string): Promise<bigint[]> {
  const rows = await database.query<{ version: bigint }>(
    `WITH RECURSIVE reached (version) AS (SELECT $1::numeric UNION ${step})
     SELECT version FROM reached LIMIT ${versionsMax}`,
    [version],
  )
  return rows.map((row) => row.version)
}

/** Contributors whose leaves the chain's root proves; a manifest may say anything. */
async function readLeaves(database: Queryable, versions: readonly string[]): Promise<Map<bigint, LeafRow[]>> {
  const rows = await database.query<LeafRow>(
    `SELECT v.version, c.account, c.weight, c.label FROM version_published v
     JOIN manifests m ON m.digest = v.manifest_digest AND m.contributor_root = v.contributor_root
     JOIN manifest_contributors c ON c.digest = m.digest
     WHERE v.version = ANY ($1::numeric[]) ORDER BY v.version, c.position`,
    [versions],
  )
  const leaves = new Map<bigint, LeafRow[]>()
  for (const row of rows) {
    const group = leaves.get(row.version)
    if (group === undefined) leaves.set(row.version, [row])
    else group.push(row)
  }
  return leaves
}

function toVertex(row: VertexRow, leaves: readonly LeafRow[]): Vertex {
  const { id, asset, kind, edges, parents, feeBps, royaltyBps, contributorBps } = toVersion(row)
  return {
    version: id,
    asset,
    kind,
    name: row.name,
    owner: getAddress(row.owner),
    edges,
    parents,
    feeBps,
    royaltyBps,
    contributorBps,
    contributors: leaves.map(({ account, weight, label }) => ({
      account: getAddress(account),
      weight: `${weight}`,
      label,
    })),
  }
}
