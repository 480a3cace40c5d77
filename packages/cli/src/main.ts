import { AgoraiError } from '@agorai/core'
import { Command, CommanderError } from 'commander'
import { buyCommand } from './commands/buy.js'
import { collectCommand } from './commands/collect.js'
import { downloadCommand } from './commands/download.js'
import { lineageCommand } from './commands/lineage.js'
import { publishCommand } from './commands/publish.js'
import { searchCommand } from './commands/search.js'
import { showCommand } from './commands/show.js'
import { verifyCommand } from './commands/verify.js'
import { createOutput } from './output/output.js'

const commands = [
  searchCommand,
  showCommand,
  lineageCommand,
  publishCommand,
  buyCommand,
  downloadCommand,
  verifyCommand,
  collectCommand,
]

const unchanged = 'Nothing was changed.'

/** What is safe when a command has failed. */
const safeAfter: Record<string, string> = {
  search: unchanged,
  show: unchanged,
  lineage: unchanged,
  verify: unchanged,
  publish: 'Nothing is public before the chain has the version: look with `agorai search` before you publish again.',
  buy: 'The same command is safe to repeat: a pass that is paid for is found and not paid twice.',
  download: 'No folder was written. Your pass stays, and asking again costs nothing.',
  collect: 'What was not collected stays owed to its party in the ledger.',
}

/**
 * Runs one command line.
 *
 * @returns The exit code: 0, or the `exit` of the error's row in `errorCodes`.
 */
export async function run(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  const output = createOutput(json)
  const program = new Command('agorai')
    .description('Publish, buy, verify and collect on an Agorai node.')
    .addHelpText('after', '\nStart a node with `npm start`. Exit codes and remedies: docs/errors.md')
    .exitOverride()
    .showHelpAfterError()
  for (const create of commands) {
    const command = create(output).exitOverride()
    if (json) command.configureOutput({ writeErr: () => undefined })
    program.addCommand(command)
  }
  if (json) program.configureOutput({ writeErr: () => undefined })
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    const safe = safeAfter[args[0] ?? '']
    if (!(error instanceof CommanderError)) return output.fail(error, safe)
    // Commander has printed the help that was asked for, or what was wrong.
    if (error.exitCode === 0) return 0
    return json ? output.fail(new AgoraiError('invalid_request', error.message, { cause: error }), safe) : 2
  }
}
