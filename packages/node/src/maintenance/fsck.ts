import { openKeyStore } from '../compose/keyStore.js'
import { chargesPath, readJournal } from '../compose/readJournal.js'
import { openStorage } from '../compose/storage.js'
import { checkData } from './checkData.js'
import type { Command } from './command.js'
import { counted } from './counted.js'

/** Reads everything and changes nothing. The node may run. */
export const fsck: Command = {
  summary: 'Check journal, charge log, content, manifests and keys, and whether the keys open the content.',
  takes: [],
  flags: { deep: 'Open all of every content, not its beginning.' },
  alone: false,
  async run({ config, has, say }) {
    const { keyStore } = await openKeyStore(config, { isGuest: true })
    try {
      const storage = await openStorage(config, { isGuest: true })
      const journal = () => readJournal(config)
      const charges = chargesPath(config.dataFolder)
      const { findings, checked } = await checkData({ storage, keyStore, journal, charges, deep: has('deep') })
      for (const { part, name, problem, remedy, isLoss } of findings)
        say(`${isLoss ? 'LOST' : 'note'}: ${part} ${name}: ${problem} ${remedy}`, {
          part,
          name,
          problem,
          remedy,
          isLoss,
        })
      const losses = findings.filter(({ isLoss }) => isLoss).length
      const { records, content, manifests, keys } = checked
      say(
        `${counted(records, 'record')}, ${counted(checked.charges, 'charge')}, ${counted(content, 'content')}, ${counted(manifests, 'manifest')}, ${counted(keys, 'key')}: ${counted(losses, 'problem')}.`,
        {
          ...checked,
          problems: losses,
        },
      )
      return losses === 0 ? 0 : 1
    } finally {
      await keyStore.close()
    }
  },
}
