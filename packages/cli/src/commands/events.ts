import type { ContractEvent } from '@agorai/core'
import { listEvents, watchEvents } from '@agorai/sdk'
import type { Command } from 'commander'
import { type CommonOptions, createCommand, parseCount } from '../command.js'
import { connect } from '../connect.js'
import { readEnvironment } from '../environment.js'
import { plain } from '../output/format.js'
import type { Output } from '../output/output.js'

type Options = CommonOptions & { name?: string[]; after?: string; limit: string; follow?: boolean }

export function eventsCommand(output: Output): Command {
  return createCommand('events', 'Show what the contracts did, in order', 'agorai events --name PassGranted --follow')
    .option('--name <names...>', 'only events of these names')
    .option('--after <id>', 'go on after this event')
    .option('--limit <count>', 'how many at most, 1 to 1000', '100')
    .option('--follow', 'go on as it happens, one line an event, until it is stopped (with --json one object a line)')
    .action(async (options: Options) => {
      const client = await connect(options, readEnvironment())
      const wanted = {
        ...(options.after === undefined ? {} : { after: options.after }),
        ...(options.name === undefined ? {} : { names: options.name }),
      }
      if (options.follow !== true) {
        const page = await listEvents(client, { ...wanted, limit: parseCount(options.limit, 'limit', 1_000) })
        const more = page.more ? ['', `More: --after ${page.cursor}`] : []
        return output.result(
          page,
          page.events.length === 0 ? ['Nothing happened.'] : [...page.events.map(say), ...more],
        )
      }
      for await (const told of watchEvents(client, wanted))
        output.result(told, [told.type === 'event' ? say(told.event) : `Taken back: all blocks above ${told.above}`])
    })
}

function say({ block, logIndex, name, args }: ContractEvent): string {
  const words = Object.entries(args).map(
    ([key, value]) => `${key}=${plain(typeof value === 'string' ? value : JSON.stringify(value))}`,
  )
  return [`${block}.${logIndex}`.padEnd(12), name.padEnd(22), ...words].join(' ')
}
