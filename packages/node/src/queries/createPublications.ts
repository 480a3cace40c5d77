import type { Hex } from 'viem'
import type { Database } from '../ports/database.js'
import type { Publications, PublishedContent } from '../ports/publications.js'

const isErased = 'EXISTS (SELECT 1 FROM version_erased e WHERE e.version = v.version)'

export function createPublications(database: Database): Publications {
  return {
    async missingManifests(after, limit) {
      const rows = await database.query<{ digest: Hex }>(
        `SELECT DISTINCT v.manifest_digest AS digest FROM version_published v
         WHERE v.manifest_digest > $1::text AND NOT ${isErased}
           AND NOT EXISTS (SELECT 1 FROM manifests m WHERE m.digest = v.manifest_digest)
         ORDER BY digest LIMIT $2::int`,
        [after, limit],
      )
      return rows.map(({ digest }) => digest)
    },
    contents: (after, limit) =>
      database
        .query<{ digest: Hex; cid: string; bytes: bigint }>(
          `SELECT m.digest, m.document->'content'->>'cid' AS cid, (m.document->'content'->>'bytes')::int8 AS bytes
           FROM manifests m
           WHERE m.digest > $1::text AND m.document->'content' IS NOT NULL
             AND EXISTS (SELECT 1 FROM version_published v WHERE v.manifest_digest = m.digest AND NOT ${isErased})
           ORDER BY m.digest LIMIT $2::int`,
          [after, limit],
        )
        .then((rows) =>
          rows.map(({ digest, cid, bytes }): PublishedContent => ({ digest, cid, bytes: Number(bytes) })),
        ),
  }
}
