import type { VersionList } from '@agorai/core'
import type { AssetPageParameters } from '../ports/catalogue.js'
import type { Queryable } from '../ports/database.js'
import { assertAsset } from './assertAsset.js'
import { toVersion, type VersionRow, versionColumns } from './rows.js'

/** A page of what an asset published, the newest first. */
export async function getVersions(database: Queryable, parameters: AssetPageParameters): Promise<VersionList> {
  await assertAsset(database, parameters.asset)
  return readVersions(database, parameters)
}

/** The same of an asset that is known to be there. */
export async function readVersions(
  database: Queryable,
  { asset, limit, cursor }: AssetPageParameters,
): Promise<VersionList> {
  const rows = await database.query<VersionRow>(
    `SELECT ${versionColumns} FROM versions v
     WHERE v.asset = $1::numeric AND ($2::numeric IS NULL OR v.version < $2::numeric)
     ORDER BY v.version DESC LIMIT $3::integer`,
    [asset, cursor ?? null, limit + 1],
  )
  const versions = rows.slice(0, limit).map(toVersion)
  return { versions, nextCursor: rows.length > limit ? (versions.at(-1)?.id ?? null) : null }
}
