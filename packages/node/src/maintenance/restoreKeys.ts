import { resolve } from 'node:path'
import { openKeyStore } from '../compose/keyStore.js'
import { readJournal } from '../compose/readJournal.js'
import type { Command } from './command.js'
import { counted } from './counted.js'
import { readNewestBackup } from './keyBackup.js'

/**
 * Brings back keys that are missing. Those that are here stay as they are, and what the journal says was destroyed is
 * destroyed again; what the chain says was erased the node destroys at its start, before it gives any key away.
 */
export const restoreKeys: Command = {
  summary: 'Bring back keys from the newest backup of keys in a folder; those that were erased stay erased.',
  takes: ['<folder>'],
  alone: true,
  async run({ config, given, say }) {
    const { keyStore, masterKeys } = await openKeyStore(config, { mayBegin: false })
    try {
      const limits = { hours: config.keyBackupHours, now: new Date() }
      const { madeAt, documents } = await readNewestBackup(resolve(given[0] ?? ''), masterKeys, limits)
      for (const document of documents) await keyStore.import(document)
      let erased = 0
      for await (const record of readJournal(config))
        if (record.kind === 'key-erased' && (await keyStore.destroy(record.commitment, record.erasure))) erased += 1
      say(
        `Brought back ${counted(documents.length, 'key')} of ${madeAt}; carried out ${counted(erased, 'erasure')} again.`,
        {
          keys: documents.length,
          madeAt,
          erased,
        },
      )
      return 0
    } finally {
      await keyStore.close()
    }
  },
}
