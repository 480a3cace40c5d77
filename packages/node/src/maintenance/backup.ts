import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { AgoraiError } from '@agorai/core'
import { makeFolder, syncFolder, writeFileAtomic } from '../adapters/folder/atomicFiles.js'
import { openFileJournal } from '../adapters/journal/fileJournal.js'
import { openFileKeys } from '../adapters/keys/fileKeys.js'
import { openDiskStorage } from '../adapters/storage/diskStorage.js'
import { chargesPath, readJournal } from '../compose/readJournal.js'
import { openStorage } from '../compose/storage.js'
import type { NodeConfig } from '../config.js'
import type { JournalRecord } from '../ports/journal.js'
import { type BackupDescription, backupPaths } from './backupFolder.js'
import { copyCharges } from './chargeFiles.js'
import type { Command } from './command.js'
import { copyObjects } from './copyObjects.js'
import { counted } from './counted.js'

/**
 * Copies all but keys into a folder, which later backups bring up to date. The node may run. What the journal of the copy
 * speaks of is in the copy before that journal is, and charges are copied before they can have gone into it.
 */
export const backup: Command = {
  summary:
    'Copy journal, charge log, content, manifests and the local chain into a folder; keys go elsewhere, by backup-keys.',
  takes: ['<folder>'],
  alone: false,
  async run({ config, given, say }) {
    const folder = resolve(given[0] ?? '')
    if (`${folder}/`.startsWith(`${config.dataFolder}/`))
      throw new AgoraiError('config_invalid', 'The backup must not be inside the data folder.', { field: 'folder' })
    const paths = backupPaths(folder)
    await makeFolder(folder)
    const { account } = await openFileKeys(config.operatorKeys, { isFirstStart: false })
    const charges = await copyCharges(chargesPath(config.dataFolder), paths.charges)
    const records: JournalRecord[] = []
    for await (const record of readJournal(config)) records.push(record)
    const source = await openStorage(config, { isGuest: true })
    const objects = await copyObjects(source, await openDiskStorage(paths.storage))
    const chain = config.rpcUrl === undefined ? await copyChain(config, paths.chain) : null
    await writeJournal(paths.journal, records)
    const description: BackupDescription = {
      agorai: 'backup/1',
      madeAt: new Date().toISOString(),
      operator: account.address,
      records: records.length,
      charges,
      objects: objects.counts,
      chain,
    }
    await writeFileAtomic(paths.description, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 })
    for (const name of objects.damaged)
      say(`${name} is damaged and was not copied. Run agorai-node fsck.`, { damaged: name })
    say(
      `Wrote ${counted(records.length, 'record')}, ${counted(charges, 'charge')} and ${counted(objects.copied, 'new object')} (${objects.bytes} bytes) to ${folder}.`,
      {
        ...description,
        copied: objects.copied,
        bytes: objects.bytes,
      },
    )
    return objects.damaged.length === 0 ? 0 : 1
  },
}

const recordsAtOnce = 1_000

async function writeJournal(path: string, records: readonly JournalRecord[]): Promise<void> {
  const next = `${path}.next`
  await rm(next, { force: true })
  const journal = await openFileJournal(next)
  for (let at = 0; at < records.length; at += recordsAtOnce)
    await Promise.all(records.slice(at, at + recordsAtOnce).map((record) => journal.append(record)))
  await journal.close()
  await rename(next, path)
  await syncFolder(dirname(path))
}

const attemptsMax = 20

/** The newest saved state; one that a running node has replaced meanwhile is looked for again. */
async function copyChain({ dataFolder }: NodeConfig, target: string): Promise<string> {
  const folder = join(dataFolder, 'chain')
  for (let attempt = 1; ; attempt++) {
    const names = (await readdir(folder)).filter((name) => /^state-\d+\.json\.gz$/.test(name))
    const newest = names.toSorted((a, b) => numberOf(a) - numberOf(b)).at(-1)
    if (newest === undefined) throw new AgoraiError('chain_damaged', `${folder} has no saved state.`)
    try {
      const state = await readFile(join(folder, newest))
      await makeFolder(target)
      await writeFileAtomic(join(target, newest), state, { mode: 0o600 })
      for (const old of await readdir(target)) if (old !== newest) await rm(join(target, old))
      return newest
    } catch (error) {
      if (attempt >= attemptsMax || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

const numberOf = (name: string): number => Number(/\d+/.exec(name)?.[0])
