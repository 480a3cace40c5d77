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

/**
 * Runs one command line.
 *
 * @returns The exit code: 0, or the `exit` of the error's row in `errorCodes`.
 */
export async function run(args: readonly string[]): Promise<number> {
  const output = createOutput(args.includes('--json'))
  const program = new Command('agorai')
    .description('Publish, buy, verify and collect on an Agorai node.')
    .addHelpText('after', '\nStart a node with `npm start`. Exit codes and remedies: docs/errors.md')
    .exitOverride()
    .showHelpAfterError()
  for (const command of commands) program.addCommand(command(output).exitOverride())
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // Commander has printed what was wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return output.fail(error)
  }
}
