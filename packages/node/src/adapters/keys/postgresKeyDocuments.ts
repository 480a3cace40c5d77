import type { Hex } from 'viem'
import type { Database, Queryable } from '../../ports/database.js'
import { type KeyDocument, parseDocument } from './keyDocument.js'
import type { KeyDocuments } from './keyDocuments.js'

const tableLock = 4673

/**
 * Documents in a table that several gateways share.
 *
 * @param database In a schema of its own, so that keys are backed up by themselves.
 * @throws AgoraiError `database_unavailable`
 */
export async function openPostgresKeyDocuments(database: Database): Promise<KeyDocuments> {
  await database.transaction(async (transaction) => {
    // Gateways that start together would both make it.
    await transaction.query('SELECT pg_advisory_xact_lock($1::int)', [tableLock])
    await transaction.query(
      'CREATE TABLE IF NOT EXISTS kept_key (commitment text PRIMARY KEY, document jsonb NOT NULL)',
    )
  })

  const find = async (on: Queryable, commitment: Hex, lock = ''): Promise<KeyDocument | undefined> => {
    const [row] = await on.query<{ document: string }>(
      `SELECT document::text AS document FROM kept_key WHERE commitment = $1 ${lock}`,
      [commitment],
    )
    return row && parseDocument(Buffer.from(row.document), `The row of ${commitment}`)
  }
  /** Resolves once the change is on the server's disk, whatever the server does for others. */
  const durably = <result>(work: (transaction: Queryable) => Promise<result>): Promise<result> =>
    database.transaction(async (transaction) => {
      await transaction.query('SET LOCAL synchronous_commit = on')
      return work(transaction)
    })

  return {
    async *list() {
      for (let after = ''; ; ) {
        const rows = await database.query<{ commitment: Hex }>(
          'SELECT commitment FROM kept_key WHERE commitment > $1 ORDER BY commitment LIMIT 1000',
          [after],
        )
        yield* rows.map(({ commitment }) => commitment)
        const last = rows.at(-1)
        if (last === undefined) return
        after = last.commitment
      }
    },
    read: (commitment) => find(database, commitment),
    insert: (document) =>
      durably(async (transaction) => {
        await transaction.query('INSERT INTO kept_key VALUES ($1, $2::jsonb) ON CONFLICT (commitment) DO NOTHING', [
          document.commitment,
          JSON.stringify(document),
        ])
      }),
    change: (commitment, change) =>
      durably(async (transaction) => {
        const document = await find(transaction, commitment, 'FOR UPDATE')
        const next = document && change(document)
        if (next !== undefined)
          await transaction.query('UPDATE kept_key SET document = $2::jsonb WHERE commitment = $1', [
            commitment,
            JSON.stringify(next),
          ])
        return document !== undefined
      }),
    // Until then the server keeps the old rows.
    settle: async () => void (await database.query('VACUUM kept_key')),
    close: database.close,
  }
}
