import { contributorLeavesOf, createContributorTree, isAgoraiError, manifestDigest, parseManifest } from '@agorai/core'
import type { Hex } from 'viem'
import type { Database, Queryable } from '../ports/database.js'
import type { ManifestSource } from '../ports/manifests.js'
import { searchWords } from '../ports/searchWords.js'

/** Digests asked for in one go. */
const pageSize = 256

/**
 * Adds a manifest, with what is searched and asked of it. It is keyed by its digest, so it may come before or after the
 * version that names it, and a reorg does not touch it.
 *
 * @throws AgoraiError `manifest_invalid`
 */
export async function addManifest(database: Database, bytes: Uint8Array): Promise<void> {
  const manifest = parseManifest(bytes)
  const digest = manifestDigest(bytes)
  const { root, contributions } = createContributorTree(contributorLeavesOf(manifest))
  const words = searchWords([manifest.name, manifest.description, ...manifest.tags].join(' '))
  await database.transaction(async (transaction) => {
    const added = await transaction.query(
      `INSERT INTO manifests (digest, name, description, tags, licence, contributor_root, document, search)
       VALUES ($1::text, $2::text, $3::text, $4::jsonb, $5::text, $6::text, $7::jsonb,
         array_to_tsvector($8::text[]) || to_tsvector('english', $9::text))
       ON CONFLICT DO NOTHING RETURNING 1`,
      [
        digest,
        manifest.name,
        manifest.description,
        JSON.stringify(manifest.tags),
        manifest.licence.spdx,
        root,
        JSON.stringify(manifest),
        [...new Set(words)],
        words.join(' '),
      ],
    )
    if (added.length === 0) return
    const leaves = contributions.map(({ account, weight, start }, position) => ({
      position,
      account: account.toLowerCase(),
      member: `${BigInt(account)}`,
      weight: `${weight}`,
      weight_start: `${start}`,
      label: manifest.contributors.leaves[position]?.label ?? '',
    }))
    await insertLeaves(transaction, digest, leaves)
  })
}

/** Looks for the manifests of published versions that the index does not have yet. Absent or unreadable ones stay out. */
export async function fillMissingManifests(database: Database, source: ManifestSource): Promise<void> {
  let after = ''
  for (let page = await missing(database, after); page.length > 0; page = await missing(database, after)) {
    for (const digest of page) await fillManifest(database, source, digest)
    after = page.at(-1) ?? after
  }
}

/** Looks for manifests, unless they are there. */
export async function fillManifests(
  database: Database,
  source: ManifestSource,
  digests: readonly Hex[],
): Promise<void> {
  for (let i = 0; i < digests.length; i += pageSize) {
    const page = [...new Set(digests.slice(i, i + pageSize))]
    const rows = await database.query<{ digest: Hex }>('SELECT digest FROM manifests WHERE digest = ANY ($1::text[])', [
      page,
    ])
    const known = new Set(rows.map(({ digest }) => digest))
    for (const digest of page) if (!known.has(digest)) await fillManifest(database, source, digest)
  }
}

async function fillManifest(database: Database, source: ManifestSource, digest: Hex): Promise<void> {
  const bytes = await source.get(digest)
  if (bytes === undefined || manifestDigest(bytes) !== digest) return
  try {
    await addManifest(database, bytes)
  } catch (error) {
    // Anyone may publish the digest of anything; what is no manifest has no name here.
    if (!isAgoraiError(error, 'manifest_invalid') && !isAgoraiError(error, 'unsafe_name')) throw error
  }
}

/** Digests in order, so that the walk over them ends. */
const missing = async (database: Database, after: string): Promise<Hex[]> => {
  const rows = await database.query<{ digest: Hex }>(
    `SELECT DISTINCT v.manifest_digest AS digest FROM version_published v
     WHERE v.manifest_digest > $1::text AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.digest = v.manifest_digest)
     ORDER BY digest LIMIT ${pageSize}`,
    [after],
  )
  return rows.map(({ digest }) => digest)
}

const insertLeaves = (transaction: Queryable, digest: Hex, leaves: readonly object[]) =>
  transaction.query(
    `INSERT INTO manifest_contributors (digest, position, account, member, weight, weight_start, label)
     SELECT $1::text, position, account, member, weight, weight_start, label FROM jsonb_to_recordset($2::jsonb)
       AS r (position integer, account text, member numeric(78,0), weight numeric(78,0), weight_start numeric(78,0),
         label text)`,
    [digest, JSON.stringify(leaves)],
  )
