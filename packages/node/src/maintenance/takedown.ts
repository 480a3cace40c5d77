import { takedownReasons } from '@agorai/core'
import type { Command } from './command.js'
import { decide } from './decide.js'

/** Ceases to serve something, with a reason that everybody may read. The node runs. */
export const takedown: Command = {
  summary: `Cease to serve asset:<id>, version:<id>, manifest:<digest>, cid:<cid> or account:<address>; the reason is one of ${takedownReasons.join(', ')}.`,
  takes: ['<target>', '<reason>', '<statement>'],
  alone: false,
  async run({ config, given: [target = '', reason = '', statement = ''], say }) {
    const record = await decide(config, { action: 'take-down', target, reason: reason as never, statement })
    say(`${target} is not served any more. The record ${record} is public.`, { target, record })
    return 0
  },
}
