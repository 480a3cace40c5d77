import { AgoraiError } from '@agorai/core'
import { Command, CommanderError } from 'commander'
import { accrueCommand } from './commands/accrue.js'
import { bundleCommand } from './commands/bundle.js'
import { buyCommand } from './commands/buy.js'
import { collectCommand } from './commands/collect.js'
import { consentCommand } from './commands/consent.js'
import { downloadCommand } from './commands/download.js'
import { eraseCommand } from './commands/erase.js'
import { exitCommand } from './commands/exit.js'
import { governanceCommand } from './commands/governance.js'
import { lineageCommand } from './commands/lineage.js'
import { offerCommand } from './commands/offer.js'
import { passCommand } from './commands/pass.js'
import { publishCommand } from './commands/publish.js'
import { refundCommand } from './commands/refund.js'
import { releaseCommand } from './commands/release.js'
import { releaseEdgeCommand } from './commands/releaseEdge.js'
import { rescueCommand } from './commands/rescue.js'
import { retireCommand } from './commands/retire.js'
import { searchCommand } from './commands/search.js'
import { showCommand } from './commands/show.js'
import { sweepCommand } from './commands/sweep.js'
import { tillVersionCommand } from './commands/tillVersion.js'
import { transferCommand } from './commands/transfer.js'
import { verifyCommand } from './commands/verify.js'
import { createOutput } from './output/output.js'

const commands = [
  searchCommand,
  showCommand,
  lineageCommand,
  publishCommand,
  consentCommand,
  offerCommand,
  bundleCommand,
  buyCommand,
  passCommand,
  refundCommand,
  transferCommand,
  downloadCommand,
  verifyCommand,
  collectCommand,
  accrueCommand,
  releaseCommand,
  sweepCommand,
  rescueCommand,
  tillVersionCommand,
  releaseEdgeCommand,
  retireCommand,
  eraseCommand,
  governanceCommand,
  exitCommand,
]

const unchanged = 'Nothing was changed.'
const repeatable = 'What was not moved stays where it was, and the same command goes on from there.'

/** What is safe when a command has failed. */
const safeAfter: Record<string, string> = {
  search: unchanged,
  show: unchanged,
  lineage: unchanged,
  verify: unchanged,
  pass: unchanged,
  governance: unchanged,
  publish: 'Nothing is public before the chain has the version: look with `agorai search` before you publish again.',
  buy: 'The same command is safe to repeat: a pass that is paid for is found and not paid twice.',
  download: 'No folder was written. Your pass stays, and asking again costs nothing.',
  collect: 'What was not collected stays owed to its party in the ledger.',
  accrue: repeatable,
  release: repeatable,
  sweep: repeatable,
  exit: repeatable,
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
    program.addCommand(prepare(create(output), json))
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

/** Commander must answer, not end the process, and with --json say nothing of its own; commands in groups likewise. */
function prepare(command: Command, json: boolean): Command {
  command.exitOverride()
  if (json) command.configureOutput({ writeErr: () => undefined })
  for (const inner of command.commands) prepare(inner as Command, json)
  return command
}
