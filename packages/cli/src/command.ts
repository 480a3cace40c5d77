import { AgoraiError } from '@agorai/core'
import { Command } from 'commander'
import { parseUnits } from 'viem'
import type { ConnectOptions } from './connect.js'

export type CommonOptions = ConnectOptions & { json?: boolean }

/** A command with the options that all have. */
export function createCommand(name: string, description: string, example: string): Command {
  return new Command(name)
    .description(description)
    .option('--node <url>', 'the node to talk to (default: AGORAI_NODE or http://127.0.0.1:4670)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  ${example}`)
}

/** The option of commands that sign. */
export const accountOption = [
  '--account <account>',
  'who signs: dev:<0 to 7> on the local chain, or a file with a private key (default: AGORAI_KEY)',
] as const

/** An id as people type it. */
export function parseId(text: string, field: string): bigint {
  if (/^(0|[1-9][0-9]{0,77})$/.test(text)) return BigInt(text)
  throw new AgoraiError('invalid_request', 'An id is a whole number.', { field })
}

/** Exact: more digits than the token has are refused, never rounded. */
export function parseAmount(text: string, decimals: number): bigint {
  const fraction = /^(?:0|[1-9]\d{0,38})(?:\.(\d{1,38}))?$/.exec(text)
  if (fraction === null || (fraction[1] ?? '').length > decimals)
    throw new AgoraiError(
      'invalid_request',
      `An amount is a decimal with at most ${decimals} digits after the point.`,
      {
        field: 'amount',
      },
    )
  return parseUnits(text, decimals)
}
