import { join } from 'node:path'
import { openPostgres } from '../adapters/database/postgres.js'
import { openFileJournal } from '../adapters/journal/fileJournal.js'
import { openPostgresJournal, type PostgresJournal } from '../adapters/journal/postgresJournal.js'
import { openFileKeys } from '../adapters/keys/fileKeys.js'
import type { NodeConfig } from '../config.js'
import type { Journal } from '../ports/journal.js'
import type { OperatorKeys } from '../ports/keys.js'

const schema = 'agorai_journal'

/** What this operator acknowledged: in a file of this process, or in a database that all its gateways write. */
export async function openJournal(config: NodeConfig): Promise<Journal | PostgresJournal> {
  const { databaseUrl, dataFolder } = config
  if (config.journal === 'file' || databaseUrl === undefined)
    return openFileJournal(join(dataFolder, 'journal', 'journal.log'))
  return openPostgresJournal(await openPostgres({ url: databaseUrl, schema, connectionsMax: 4 }))
}

/** Who this operator is. Keys are made at the very first start only. */
export async function openKeys(
  { operatorKeys }: NodeConfig,
  journal: Journal | PostgresJournal | undefined,
): Promise<OperatorKeys> {
  const isFirstStart = journal !== undefined && (await isEmpty(journal))
  const keys = await openFileKeys(operatorKeys, { isFirstStart })
  if (journal !== undefined && 'claim' in journal) await journal.claim(keys.account.address)
  return keys
}

async function isEmpty(journal: Journal): Promise<boolean> {
  for await (const _ of journal.replay()) return false
  return true
}
