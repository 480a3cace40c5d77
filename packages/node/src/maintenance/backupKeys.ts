import { resolve } from 'node:path'
import { openKeyStore } from '../compose/keyStore.js'
import type { Command } from './command.js'
import { counted } from './counted.js'
import { writeKeyBackup } from './keyBackup.js'

/** Copies the kept keys, closed by the master key. The node may run. */
export const backupKeys: Command = {
  summary: 'Copy all keys, closed by the master key, into a file; it can be restored for AGORAI_KEY_BACKUP_HOURS.',
  takes: ['<folder>'],
  alone: false,
  async run({ config, given, say }) {
    const { keyStore, masterKeys } = await openKeyStore(config, { isGuest: true })
    try {
      const documents: Uint8Array[] = []
      for await (const document of keyStore.export()) documents.push(document)
      const options = { documents, hours: config.keyBackupHours, now: new Date() }
      const { path, removed } = await writeKeyBackup(resolve(given[0] ?? ''), masterKeys, options)
      say(
        `Wrote ${counted(documents.length, 'key')} to ${path}. It opens only with ${config.masterKeys}: keep that elsewhere.`,
        {
          keys: documents.length,
          path,
          removed,
        },
      )
      return 0
    } finally {
      await keyStore.close()
    }
  },
}
