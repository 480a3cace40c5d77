import { Command, CommanderError } from 'commander'
import { commands } from './commands.js'
import type { Output } from './output/output.js'

/**
 * Runs one command line. Only what the command named needs is loaded: help and typing errors answer at once.
 *
 * @returns The exit code: 0, or the `exit` of the error's row in `errorCodes`.
 */
export async function run(args: readonly string[]): Promise<number> {
  const json = args.includes('--json')
  const program = new Command('agorai')
    .description('Publish, buy, call, verify and collect on an Agorai node.')
    .addHelpText(
      'after',
      '\nStart a node with `npm start`; `agorai-node help` has an operator’s commands: check, backup, restore, fsck, gc and more.\nExit codes and remedies: docs/errors.md',
    )
    .exitOverride()
    .showHelpAfterError()
  const wanted = args[0] === 'help' ? args[1] : args[0]
  for (const [name, { description, load }] of Object.entries(commands))
    program.addCommand(
      name === wanted
        ? prepare((await load())(await openOutput(json)), json)
        : new Command(name).description(description),
    )
  if (json) program.configureOutput({ writeErr: () => undefined })
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // Commander has printed the help that was asked for, or what was wrong.
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (error instanceof CommanderError && !json) return 2
    return (await openOutput(json)).fail(
      error instanceof CommanderError ? await toAgoraiError(error) : error,
      commands[wanted ?? '']?.safe,
    )
  }
}

const openOutput = async (json: boolean): Promise<Output> => (await import('./output/output.js')).createOutput(json)

async function toAgoraiError(cause: CommanderError): Promise<Error> {
  const { AgoraiError } = await import('@agorai/core')
  return new AgoraiError('invalid_request', cause.message, { cause })
}

/**
 * Commander must answer, not end the process, name the help after what was mistyped, and with --json say nothing of its
 * own; commands in groups likewise.
 */
function prepare(command: Command, json: boolean, name = `agorai ${command.name()}`): Command {
  command.exitOverride().showHelpAfterError(`  → See \`${name} --help\`.`)
  if (json) command.configureOutput({ writeErr: () => undefined })
  for (const inner of command.commands) prepare(inner as Command, json, `${name} ${inner.name()}`)
  return command
}
