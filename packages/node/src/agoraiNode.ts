import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { AgoraiError, errorCodes, isAgoraiError } from '@agorai/core'
import { lockFolder } from './adapters/folder/lockFolder.js'
import { createLog } from './adapters/telemetry/consoleLog.js'
import { configFlags, readConfig } from './config.js'
import { startNode } from './main.js'
import type { Command, Say } from './maintenance/command.js'
import { commands } from './maintenance/commands.js'
import { runNode } from './runNode.js'

/** `agorai-node <command>`: starts a node, or works on the data of one. @returns The exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === 'start') {
    await runNode(startNode, createLog, rest)
    return 0
  }
  const command = name === undefined ? undefined : commands[name]
  if (command === undefined) {
    const wanted = name === undefined || ['help', '--help', '-h'].includes(name)
    process[wanted ? 'stdout' : 'stderr'].write(help())
    return wanted ? 0 : 2
  }
  const json = rest.includes('--json')
  const say: Say = (sentence, facts = {}) =>
    void process.stdout.write(`${json ? JSON.stringify({ message: sentence, ...facts }) : sentence}\n`)
  try {
    return await runCommand(command, { name: name ?? '', args: rest, say })
  } catch (error) {
    return tellFailure(error, json)
  }
}

async function runCommand(
  command: Command,
  { name, args, say }: { name: string; args: readonly string[]; say: Say },
): Promise<number> {
  const { given, own, node } = parse(command, name, args)
  const { config } = readConfig(node)
  const lock = command.alone ? await lockFolder(config.dataFolder) : undefined
  try {
    return await command.run({ config, given, has: (flag) => own.has(flag), say })
  } finally {
    await lock?.release()
  }
}

/** What is the command's own on the command line, and what is a setting of the node. */
function parse(command: Command, name: string, args: readonly string[]) {
  const ownFlags = Object.keys(command.flags ?? {})
  const options = {
    ...configFlags,
    ...Object.fromEntries(ownFlags.map((flag) => [flag, { type: 'boolean' as const }])),
  }
  const usage = `Usage: agorai-node ${[name, ...command.takes, ...ownFlags.map((flag) => `[--${flag}]`)].join(' ')}`
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (cause) {
    throw new AgoraiError('config_invalid', `The command line is not valid. ${usage}`, { cause })
  }
  const { values, positionals } = parsed
  if (positionals.length !== command.takes.length)
    throw new AgoraiError('config_invalid', `The command line is not valid. ${usage}`)
  const node = Object.entries(values).flatMap(([flag, value]) =>
    ownFlags.includes(flag) ? [] : typeof value === 'string' ? [`--${flag}`, value] : [`--${flag}`],
  )
  return { given: positionals, own: new Set(ownFlags.filter((flag) => values[flag] === true)), node }
}

function help(): string {
  const rows: [string, string][] = [
    ['start', 'Start the node.'],
    ...Object.entries(commands).flatMap(([name, { takes, summary, flags = {} }]): [string, string][] => [
      [[name, ...takes].join(' '), summary],
      ...Object.entries(flags).map(([flag, line]): [string, string] => [`  --${flag}`, line]),
    ]),
  ]
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)
  return `Usage: agorai-node <command> [--data-dir <folder>] [--json]\n\n${lines.join('\n')}\n\nSettings come from the environment; docs/operating.md lists them.\n`
}

function tellFailure(error: unknown, json: boolean): number {
  const known = isAgoraiError(error) ? error : new AgoraiError('internal', 'The command failed.', { cause: error })
  const { code, shortMessage, remedy, field } = known
  const { title, exit } = errorCodes[code]
  const cause = code === 'internal' && error instanceof Error ? { cause: error.stack } : {}
  const facts = { error: code, detail: shortMessage, remedy, ...(field === undefined ? {} : { field }), ...cause }
  process.stderr.write(
    json ? `${JSON.stringify(facts)}\n` : `${title}. ${shortMessage} ${remedy}\n${cause.cause ?? ''}`,
  )
  return exit
}

const isEntryPoint = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
if (isEntryPoint) process.exitCode = await run(process.argv.slice(2))
