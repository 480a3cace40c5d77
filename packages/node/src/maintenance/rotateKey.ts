import { AgoraiError } from '@agorai/core'
import { openKeyStore, protectionOf } from '../compose/keyStore.js'
import type { Command } from './command.js'
import { counted } from './counted.js'

/**
 * Closes every kept key anew under a fresh master key, protected as the settings say now, and forgets the old one. Older
 * copies of keys, wherever they lie, then open with nothing.
 */
export const rotateKey: Command = {
  summary: 'Close all keys under a new master key, as the settings protect it now; old copies of keys become useless.',
  takes: [],
  alone: true,
  async run({ config, say }) {
    const next = protectionOf(config)
    const { keyStore, masterKeys } = await openKeyStore(config, { anyProtection: true })
    try {
      await masterKeys.rotate(next)
      const keys = await keyStore.rewrap()
      await masterKeys.prune(next)
      say(`Closed ${counted(keys, 'key')} under a new master key.`, { keys, protectedBy: next.by })
      return 0
    } catch (cause) {
      if (cause instanceof AgoraiError) throw cause
      throw new AgoraiError('key_store_damaged', 'The master key was not changed everywhere; run this again.', {
        cause,
      })
    } finally {
      await keyStore.close()
    }
  },
}
