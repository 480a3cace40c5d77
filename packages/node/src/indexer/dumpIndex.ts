import type { Database, Queryable } from '../ports/database.js'
import { eventTableNames } from './eventTables.js'

/**
 * Everything that the index says of the chain, as text: two indexes of one chain have the same dump, whatever they went
 * through. Left out is what depends on a node's own past: which heights it called final, and documents of versions that
 * are gone.
 */
export function dumpIndex(database: Database): Promise<string> {
  return database.transaction(async (transaction) => {
    await transaction.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY')
    const parts: string[] = []
    for (const [name, sql] of sections) parts.push(await dumpSection(transaction, name, sql))
    return parts.join('\n')
  })
}

const published = 'SELECT manifest_digest FROM version_published'

const sections: readonly (readonly [string, string])[] = [
  ['progress', 'SELECT chain_id, asset_registry, revenue_ledger, access_market, treasury, number, hash FROM progress'],
  ['blocks', 'SELECT * FROM blocks ORDER BY number'],
  ...eventTableNames.map((table) => [table, `SELECT * FROM ${table} ORDER BY block_number, log_index`] as const),
  ['manifests', `SELECT * FROM manifests WHERE digest IN (${published}) ORDER BY digest`],
  [
    'manifest_contributors',
    `SELECT * FROM manifest_contributors WHERE digest IN (${published}) ORDER BY digest, position`,
  ],
  ['tokens', 'SELECT * FROM tokens WHERE address IN (SELECT token FROM offer_listed) ORDER BY address'],
  ['current_versions', 'SELECT asset, version FROM current_versions ORDER BY asset'],
  ['asset_owners', 'SELECT * FROM asset_owners ORDER BY asset'],
  ['offers', 'SELECT * FROM offers ORDER BY offer'],
]

/** The server writes each row as JSON, one a line: no driver's idea of a type comes between. */
async function dumpSection(transaction: Queryable, name: string, sql: string): Promise<string> {
  const rows = await transaction.query<{ line: string }>(`SELECT to_jsonb(s)::text AS line FROM (${sql}) s`)
  return [`# ${name}`, ...rows.map(({ line }) => line)].join('\n')
}
