import { AgoraiError } from '@agorai/core'
import type { Database } from '../../ports/database.js'
import { type KeptNotice, type Notices, noticesMax } from '../../ports/notices.js'

/** Notices in a table, for gateways that share a database. */
export async function openDatabaseNotices(database: Database): Promise<Notices> {
  await database.query('CREATE TABLE IF NOT EXISTS notices (id text PRIMARY KEY, notice jsonb NOT NULL)')
  return {
    async add(notice) {
      const added = await database.query(
        `INSERT INTO notices (id, notice) SELECT $1::text, $2::jsonb
         WHERE (SELECT count(*) FROM notices) < $3::int RETURNING 1`,
        [notice.id, JSON.stringify(notice), noticesMax],
      )
      if (added.length === 0) throw new AgoraiError('busy', 'This operator has more notices than it can read.')
    },
    async list() {
      const rows = await database.query<{ notice: KeptNotice }>(
        "SELECT notice FROM notices ORDER BY (notice ->> 'receivedAt')::bigint",
      )
      return rows.map(({ notice }) => notice)
    },
    async remove(id) {
      await database.query('DELETE FROM notices WHERE id = $1::text', [id])
    },
  }
}
