import { AgoraiError } from '@agorai/core'
import type { Address } from 'viem'
import type { Database, Queryable } from '../../ports/database.js'
import { type Journal, type JournalRecord, nameOfRecord } from '../../ports/journal.js'
import { answerKinds, answerSecondsMax } from '../../ports/paymentRecords.js'
import { payloadBytesMax } from './journalFormat.js'

type Pending = { name: string; text: string; resolve(record: JournalRecord): void; reject(error: unknown): void }

export type PostgresJournal = Journal & {
  /**
   * Writes down whose journal this is when it is new.
   *
   * @throws AgoraiError `config_invalid` when it is another operator's: gateways of one operator have one key file.
   */
  claim(operator: Address): Promise<void>
  /** Deletes answers that nobody can ask for again. @throws AgoraiError `database_unavailable` */
  forgetAnswers(): Promise<void>
}

const tables = [
  `CREATE TABLE records (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    kind text NOT NULL,
    record text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
  )`,
  'CREATE TABLE owner (single boolean PRIMARY KEY DEFAULT true CHECK (single), operator text NOT NULL)',
]

const tableLock = 4671
const writeLock = 4672
const rowsPerPage = 1_000
/** Records written by one statement: what comes together is made durable together. */
const groupMax = 500

/**
 * A journal that several gateways write. What one of them has recorded under a name stands for all: two records of one
 * name never are. An append resolves once its transaction is on the server's disk.
 *
 * @throws AgoraiError `database_unavailable`
 */
export async function openPostgresJournal(database: Database): Promise<PostgresJournal> {
  await createTables(database)
  const pending: Pending[] = []
  let flushing: Promise<void> | undefined
  let closed = false
  let seen = 0n

  async function flush(): Promise<void> {
    while (pending.length > 0) {
      const group = pending.splice(0, groupMax)
      try {
        const standing = await write(database, group)
        for (const { name, resolve, reject } of group) {
          const record = standing.get(name)
          if (record === undefined) reject(new AgoraiError('database_unavailable', 'The record was not kept.'))
          else resolve(record)
        }
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    flushing = undefined
  }

  async function* readOn(from: bigint): AsyncGenerator<JournalRecord> {
    for (let after = from; ; ) {
      const rows = await readAfter(database, after)
      for (const { id, record } of rows) {
        after = id
        if (id > seen) seen = id
        yield JSON.parse(record) as JournalRecord
      }
      if (rows.length < rowsPerPage) return
    }
  }

  return {
    append(record) {
      if (closed) return Promise.reject(new AgoraiError('node_unavailable', 'The journal is closed.'))
      const text = JSON.stringify(record)
      if (Buffer.byteLength(text) > payloadBytesMax)
        return Promise.reject(
          new AgoraiError('payload_too_large', `A journal record has at most ${payloadBytesMax} bytes.`),
        )
      return new Promise((resolve, reject) => {
        pending.push({ name: nameOfRecord(record), text, resolve, reject })
        flushing ??= flush()
      })
    },
    replay: () => readOn(0n),
    news: () => readOn(seen),
    async find(names) {
      const rows = await database.query<{ record: string }>(
        'SELECT record FROM records WHERE name = ANY ($1::text[]) ORDER BY id',
        [[...names]],
      )
      return rows.map(({ record }) => JSON.parse(record) as JournalRecord)
    },
    async assertWritable() {
      const [row] = await database.query<{ standby: boolean; read_only: string }>(
        "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') AS read_only",
      )
      if (row?.standby === true || row?.read_only !== 'off')
        throw new AgoraiError('database_unavailable', 'The journal’s database takes no writes.')
    },
    async claim(operator) {
      const own = operator.toLowerCase()
      await database.query('INSERT INTO owner (operator) VALUES ($1::text) ON CONFLICT DO NOTHING', [own])
      const [row] = await database.query<{ operator: string }>('SELECT operator FROM owner')
      if (row?.operator === own) return
      throw new AgoraiError('config_invalid', `The journal in PostgreSQL is that of operator ${row?.operator}.`, {
        field: 'AGORAI_OPERATOR_KEYS',
      })
    },
    async forgetAnswers() {
      await database.query(
        'DELETE FROM records WHERE kind = ANY ($1::text[]) AND recorded_at < now() - make_interval(secs => $2::int)',
        [[...answerKinds], answerSecondsMax],
      )
    },
    async close() {
      closed = true
      await flushing
      await database.close()
    },
  }
}

/** All or none of a group, and what stands under each of its names. */
function write(database: Database, group: readonly Pending[]): Promise<Map<string, JournalRecord>> {
  const names = [...new Set(group.map(({ name }) => name))]
  return database.transaction(async (transaction) => {
    // A server that acknowledges before its disk does is overruled; one that also waits for its copies is not.
    await transaction.query(
      `SELECT set_config('synchronous_commit', 'on', true)
       WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply', 'remote_write')`,
    )
    // One group after the other, so that records become visible in the order of their ids and none is read over.
    await transaction.query('SELECT pg_advisory_xact_lock($1::int)', [writeLock])
    await transaction.query(
      `INSERT INTO records (name, kind, record)
       SELECT name, record::jsonb ->> 'kind', record
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS given (name, record, place) ORDER BY place
       ON CONFLICT (name) DO NOTHING`,
      [group.map(({ name }) => name), group.map(({ text }) => text)],
    )
    const rows = await transaction.query<{ name: string; record: string }>(
      'SELECT name, record FROM records WHERE name = ANY ($1::text[])',
      [names],
    )
    return new Map(rows.map(({ name, record }) => [name, JSON.parse(record) as JournalRecord]))
  })
}

const readAfter = (database: Queryable, after: bigint) =>
  database.query<{ id: bigint; record: string }>(
    'SELECT id, record FROM records WHERE id > $1::bigint ORDER BY id LIMIT $2::int',
    [after, rowsPerPage],
  )

async function createTables(database: Database): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.query('SELECT pg_advisory_xact_lock($1::int)', [tableLock])
    const [found] = await transaction.query<{ count: bigint }>(
      'SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()',
    )
    if (found?.count !== 0n) return
    for (const statement of tables) await transaction.query(statement)
  })
}
