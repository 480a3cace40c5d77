import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { makeFolder, writeFileAtomic } from '../adapters/folder/atomicFiles.js'
import { openFileKeys } from '../adapters/keys/fileKeys.js'
import { openDiskStorage } from '../adapters/storage/diskStorage.js'
import { openJournal } from '../compose/identity.js'
import { chargesPath, journalPath, readJournal, readJournalFile } from '../compose/readJournal.js'
import { openStorage } from '../compose/storage.js'
import type { NodeConfig } from '../config.js'
import type { JournalRecord } from '../ports/journal.js'
import { backupPaths, readDescription } from './backupFolder.js'
import { countCharges, putCharges } from './chargeFiles.js'
import type { Command } from './command.js'
import { copyObjects } from './copyObjects.js'
import { counted } from './counted.js'

/**
 * Puts a backup where there is nothing yet. The journal comes last: stopped before, it is as if nothing was restored, and
 * can be done again. The index is made from the chain by the node, and keys come back by restore-keys.
 */
export const restore: Command = {
  summary: 'Put a backup into an empty data folder that has the keys/ of its operator.',
  takes: ['<folder>'],
  alone: true,
  async run({ config, given, say }) {
    const folder = resolve(given[0] ?? '')
    const paths = backupPaths(folder)
    const description = await readDescription(folder)
    await assertFits(config, description.operator)
    const records: JournalRecord[] = []
    for await (const record of readJournalFile(paths.journal)) records.push(record)
    if (records.length !== description.records)
      throw new AgoraiError('backup_invalid', `It has ${records.length} of ${description.records} records.`, {
        field: 'folder',
      })
    const charges = await countCharges(paths.charges)
    if (charges !== description.charges)
      throw new AgoraiError('backup_invalid', `It has ${charges} of ${description.charges} charges.`, {
        field: 'folder',
      })

    const objects = await copyObjects(await openDiskStorage(paths.storage), await openStorage(config))
    const [damaged] = objects.damaged
    if (damaged !== undefined)
      throw new AgoraiError('backup_invalid', `${damaged} in the backup is damaged.`, { field: 'folder' })
    if (description.chain !== null && config.rpcUrl === undefined) {
      const state = await readFile(join(paths.chain, description.chain))
      await makeFolder(join(config.dataFolder, 'chain'))
      await writeFileAtomic(join(config.dataFolder, 'chain', description.chain), state)
    }
    await putCharges(paths.charges, chargesPath(config.dataFolder))
    await putJournal(config, paths.journal, records)
    say(
      `Brought back ${counted(records.length, 'record')}, ${counted(charges, 'charge')} and ${counted(objects.copied, 'object')} of ${description.madeAt}.`,
      {
        ...description,
        copied: objects.copied,
        bytes: objects.bytes,
      },
    )
    return 0
  },
}

/** Another operator's keys sign for nothing of this backup, and what is there already would be lost. */
async function assertFits(config: NodeConfig, operator: string): Promise<void> {
  const { account } = await openFileKeys(config.operatorKeys, { isFirstStart: false })
  if (account.address.toLowerCase() !== operator.toLowerCase())
    throw new AgoraiError(
      'backup_invalid',
      `It is of operator ${operator}, and the key file is of ${account.address}.`,
      {
        field: 'AGORAI_OPERATOR_KEYS',
      },
    )
  for await (const _ of readJournal(config))
    throw new AgoraiError('config_invalid', 'There is a journal already; a backup is put where there is none.', {
      field: 'AGORAI_DATA_DIR',
    })
}

async function putJournal(config: NodeConfig, from: string, records: readonly JournalRecord[]): Promise<void> {
  if (config.journal === 'file') {
    const path = journalPath(config.dataFolder)
    await makeFolder(dirname(path))
    await writeFileAtomic(path, await readFile(from), { mode: 0o600 })
    return
  }
  const journal = await openJournal(config)
  try {
    for (const record of records) await journal.append(record)
  } finally {
    await journal.close()
  }
}
