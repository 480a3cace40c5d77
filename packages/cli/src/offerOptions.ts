import { readFile } from 'node:fs/promises'
import { AgoraiError, parseStrictJson, parseWith, usageSchema } from '@agorai/core'
import { accountListSchema, offerDocumentSchema, type StatedOffer } from '@agorai/sdk'
import { type Command, Option } from 'commander'
import type { Address } from 'viem'
import { parseAmount, parseCount, parsePercent } from './command.js'
import type { PaymentToken } from './paymentToken.js'

/** What `--price` and its companions say of one offer. */
export type OfferOptions = {
  price?: string
  usage: string
  timed?: boolean
  bracket?: string[]
  refundHours?: string
  transferable?: boolean
  gate?: string
}

/** The options that describe one offer. */
export function addOfferOptions(command: Command): Command {
  return command
    .addOption(new Option('--usage <usage>', 'what the offer allows').choices(usageSchema.options).default('internal'))
    .option('--timed', 'sell by the day: the price is that of one day')
    .option('--bracket <days:percent...>', 'after so many days a day costs this share of the price, such as 7:90')
    .option('--refund-hours <hours>', 'hours in which a perpetual pass may be given back (default: the sale is final)')
    .option('--transferable', 'holders may pass their pass on')
    .option('--gate <file>', 'a list of the accounts that may buy: addresses, one a line')
}

/** @throws AgoraiError `invalid_request` with the option that cannot be read */
export async function readOffer(options: OfferOptions & { price: string }, token: PaymentToken): Promise<StatedOffer> {
  const { timed, transferable, refundHours, bracket = [], gate } = options
  return {
    token: token.address,
    price: parseAmount(options.price, token.decimals),
    usage: parseWith(usageSchema, options.usage),
    timed,
    transferable,
    refundHours: refundHours === undefined ? undefined : parseCount(refundHours, 'refundHours', 65_535),
    brackets: bracket.map(parseBracket),
    gate: gate === undefined ? undefined : await readAccounts(gate),
  }
}

function parseBracket(text: string): { fromDay: number; bps: number } {
  const [days = '', percent = ''] = text.split(':')
  return { fromDay: parseCount(days, 'bracket', 3_650), bps: parsePercent(percent, 'bracket') }
}

/** Offers in a JSON file, their prices in whole tokens. @throws AgoraiError `invalid_request` with the field */
export async function readOffers(path: string, token: PaymentToken): Promise<StatedOffer[]> {
  const stated = parseWith(offerDocumentSchema, parseStrictJson(await readInput(path, 'offers')), 'invalid_request')
  return stated.map(({ price, ...offer }) => ({
    ...offer,
    token: token.address,
    price: parseAmount(price, token.decimals),
  }))
}

/** A list of accounts: one address a line; empty lines and what follows a # are passed over. */
export async function readAccounts(path: string): Promise<Address[]> {
  const text = new TextDecoder().decode(await readInput(path, 'gate'))
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, '').trim())
  const accounts = lines.filter((line) => line !== '')
  return parseWith(accountListSchema, accounts, 'invalid_request')
}

/** @throws AgoraiError `invalid_request` naming the option */
export async function readInput(path: string, field: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new AgoraiError('invalid_request', `${path} is not a file that can be read.`, { field, cause })
  }
}
