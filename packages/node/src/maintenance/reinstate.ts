import type { Command } from './command.js'
import { decide } from './decide.js'

/** Serves again what was taken down. The node runs. */
export const reinstate: Command = {
  summary: 'Serve again what was taken down.',
  takes: ['<target>', '<statement>'],
  alone: false,
  async run({ config, given: [target = '', statement = ''], say }) {
    const record = await decide(config, { action: 'reinstate', target, reason: 'other', statement })
    say(`${target} is served again. The record ${record} is public.`, { target, record })
    return 0
  },
}
