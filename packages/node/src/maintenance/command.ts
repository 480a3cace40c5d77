import type { NodeConfig } from '../config.js'

/** What a command found, did or could not do: one sentence for people, the same facts for programs. */
export type Say = (sentence: string, facts?: Record<string, unknown>) => void

/** One thing that an operator does to a node's data from the command line. */
export type Command = {
  /** One line of the help. */
  summary: string
  /** Names of what it takes after its own name, in order, such as `<folder>`. */
  takes: readonly string[]
  /** Flags without a value, each with a line of the help. */
  flags?: Readonly<Record<string, string>>
  /** Whether it changes what a running node changes too, so that none may run. */
  alone: boolean
  /** @returns The exit code. */
  run(context: CommandContext): Promise<number>
}

export type CommandContext = {
  config: NodeConfig
  /** As `takes` names them. */
  given: readonly string[]
  has(flag: string): boolean
  say: Say
}
