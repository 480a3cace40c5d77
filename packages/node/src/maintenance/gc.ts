import { openKeyStore } from '../compose/keyStore.js'
import { readJournal } from '../compose/readJournal.js'
import { openStorage } from '../compose/storage.js'
import { collectGarbage } from './collectGarbage.js'
import type { Command } from './command.js'

/** A week: nobody is still between an upload and its publication. */
const graceMs = 7 * 24 * 3_600_000

/** Removes content that nobody can open or ask for. */
export const gc: Command = {
  summary: 'Name the content that is erased, or that no manifest, key or record has named for a week.',
  takes: [],
  flags: { delete: 'Remove it.' },
  alone: true,
  async run({ config, has, say }) {
    const { keyStore } = await openKeyStore(config)
    try {
      const storage = await openStorage(config)
      const before = new Date(Date.now() - graceMs)
      const remove = has('delete')
      const garbage = await collectGarbage({ storage, keyStore, journal: readJournal(config), before, remove })
      for (const { cid, bytes, why } of garbage)
        say(`${cid} (${bytes} bytes): ${why}${remove ? ' Removed.' : ''}`, { cid, bytes, why, removed: remove })
      const bytes = garbage.reduce((sum, each) => sum + each.bytes, 0)
      const hint = remove || garbage.length === 0 ? '' : ' Nothing was removed; --delete does.'
      say(`${garbage.length} contents, ${bytes} bytes.${hint}`, { contents: garbage.length, bytes, removed: remove })
      return 0
    } finally {
      await keyStore.close()
    }
  },
}
