import { openNotices } from '../compose/takedowns.js'
import type { Command } from './command.js'

/** What people told this operator. It may name persons: it is shown here and nowhere else, and removed when it is done with. */
export const notices: Command = {
  summary: 'Show the notices that people sent, oldest first.',
  takes: [],
  flags: { remove: 'Remove them once they are shown.' },
  alone: false,
  async run({ config, has, say }) {
    const kept = await openNotices(config)
    try {
      const all = await kept.list()
      for (const notice of all) {
        const { id, receivedAt, target, reason, text, contact } = notice
        const from = contact === undefined ? '' : ` From ${contact}.`
        say(`${new Date(receivedAt * 1000).toISOString()} ${target} (${reason}): ${text}${from}`, notice)
        if (has('remove')) await kept.remove(id)
      }
      say(`${all.length} notices.`, { notices: all.length, removed: has('remove') })
      return 0
    } finally {
      await kept.close()
    }
  },
}
