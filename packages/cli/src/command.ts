import { AgoraiError } from '@agorai/core'
import { Command } from 'commander'
import { type Address, type Hex, isAddress, parseUnits } from 'viem'
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

/** Commands that belong together: `agorai offer list`. */
export function createGroup(name: string, description: string, commands: readonly Command[]): Command {
  const group = new Command(name).description(description)
  for (const command of commands) group.addCommand(command)
  return group
}

/** @throws AgoraiError `invalid_request` unless what cannot be undone was confirmed with `--yes`. */
export function requireYes({ yes }: { yes?: boolean }): void {
  if (yes === true) return
  throw new AgoraiError('invalid_request', 'This cannot be undone: add --yes if you mean it.', { field: 'yes' })
}

/** The option of commands that sign. */
export const accountOption = [
  '--account <account>',
  'who signs: dev:<0 to 7> on the local chain, or a file with a private key (default: AGORAI_KEY)',
] as const

/** The option of commands whose transaction another account may send. */
export const relayerOption = [
  '--relayer <account>',
  'who sends it and pays the gas, named like --account: the account itself then only signs',
] as const

/** An id as people type it. */
export function parseId(text: string, field: string): bigint {
  if (/^(0|[1-9][0-9]{0,77})$/.test(text)) return BigInt(text)
  throw new AgoraiError('invalid_request', 'An id is a whole number.', { field })
}

/** An address in lower case, or with its right checksum. */
export function parseAddress(text: string, field: string): Address {
  if (isAddress(text)) return text
  throw new AgoraiError('invalid_request', 'An address is 0x and 40 hex digits.', { field })
}

/** 32 bytes, such as a digest or a bundle's id. */
export function parseWord(text: string, field: string): Hex {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase() as Hex
  throw new AgoraiError('invalid_request', 'It is 0x and 64 hex digits.', { field })
}

/** Per cent with at most two decimals, as parts of 10,000: `12.5` is 1250. */
export function parsePercent(text: string, field: string): number {
  const [, whole, fraction = ''] = /^(0|[1-9]\d{0,2})(?:\.(\d{1,2}))?$/.exec(text) ?? []
  const bps = whole === undefined ? Number.NaN : Number(whole) * 100 + Number(fraction.padEnd(2, '0'))
  if (bps <= 10_000) return bps
  throw new AgoraiError('invalid_request', 'A share is 0 to 100 per cent, with at most two decimals.', { field })
}

/** A whole number within bounds. */
export function parseCount(text: string, field: string, max: number): number {
  if (/^(0|[1-9]\d{0,8})$/.test(text) && Number(text) <= max) return Number(text)
  throw new AgoraiError('invalid_request', `A whole number from 0 to ${max}.`, { field })
}

const daysMax = 3_650

/** `--days`: how long something that is signed holds, in seconds. At most ten years. */
export const parseDays = (text: string): number => parseCount(text, 'days', daysMax) * 86_400

/**
 * Exact: more digits than the token has are refused, never rounded.
 *
 * @param field The option that it was given by.
 */
export function parseAmount(text: string, decimals: number, field = 'amount'): bigint {
  const fraction = /^(?:0|[1-9]\d{0,38})(?:\.(\d{1,38}))?$/.exec(text)
  if (fraction === null || (fraction[1] ?? '').length > decimals)
    throw new AgoraiError(
      'invalid_request',
      `An amount is a decimal with at most ${decimals} digits after the point.`,
      { field },
    )
  return parseUnits(text, decimals)
}
