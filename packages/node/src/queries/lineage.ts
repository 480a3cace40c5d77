import { AgoraiError, type Lineage, type Vertex } from '@agorai/core'
import type { Address } from 'viem'
import { getAddress } from 'viem/utils'
import type { Queryable } from '../ports/database.js'
import { collectionKind, toVersion, type VersionRow, versionColumns } from './rows.js'

/** Versions followed in each direction. */
const versionsMax = 500

type VertexRow = VersionRow & { owner: Address; name: string | null }
type LeafRow = { version: bigint; account: Address; member: bigint; weight: bigint; label: string }

/** A version with everything it is built from, sells or gathers, and everything that is built from it, sells or gathers it. */
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

/** The version itself and what it is built from, sells or gathers. */
export const readAncestors = (database: Queryable, version: bigint): Promise<bigint[]> =>
  readVersions(
    database,
    version,
    `SELECT r.ancestor::numeric FROM reached CROSS JOIN LATERAL (
       SELECT jsonb_array_elements_text(e.parents || e.suppliers) AS ancestor FROM edges_drawn e
         WHERE e.version = reached.version
       UNION ALL SELECT royalty ->> 'ancestor' FROM edges_drawn e, jsonb_array_elements(e.royalties) AS royalty
         WHERE e.version = reached.version
       UNION ALL SELECT c.member::text FROM members c WHERE c.version = reached.version
     ) r`,
  )

/** The version itself and what is built from it, sells or gathers it. */
const readDescendants = (database: Queryable, version: bigint): Promise<bigint[]> =>
  readVersions(
    database,
    version,
    `SELECT r.descendant FROM reached CROSS JOIN LATERAL (
       SELECT e.version AS descendant FROM edges_drawn e
         WHERE e.parents @> jsonb_build_array(reached.version::text)
           OR e.suppliers @> jsonb_build_array(reached.version::text)
           OR e.royalties @> jsonb_build_array(jsonb_build_object('ancestor', reached.version::text))
       UNION ALL SELECT c.version FROM members c WHERE c.member = reached.version
     ) r`,
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

/** Leaves of contributor trees that the chain's roots prove; a manifest may say anything. */
async function readLeaves(database: Queryable, versions: readonly string[]): Promise<Map<bigint, LeafRow[]>> {
  const rows = await database.query<LeafRow>(
    `SELECT version, account, member, weight, label FROM proven_leaves
     WHERE version = ANY ($1::numeric[]) ORDER BY version, position`,
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
  const { id, asset, kind, edges, parents, supplies, suppliers, terms, erased, feeBps, contributorBps } = toVersion(row)
  const isCollection = row.kind === collectionKind
  return {
    version: id,
    asset,
    kind,
    name: row.name,
    owner: getAddress(row.owner),
    edges,
    parents,
    supplies,
    suppliers,
    terms,
    erased,
    feeBps,
    contributorBps,
    contributors: isCollection
      ? []
      : leaves.map(({ account, weight, label }) => ({ account: getAddress(account), weight: `${weight}`, label })),
    members: isCollection ? leaves.map(({ member, weight }) => ({ version: `${member}`, weight: `${weight}` })) : [],
  }
}
