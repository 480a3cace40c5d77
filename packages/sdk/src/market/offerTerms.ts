import {
  AgoraiError,
  type Bracket,
  bracketsMax,
  decodeOfferFlags,
  encodeOfferFlags,
  type OfferTermsArgument,
  type Usage,
  usages,
} from '@agorai/core'
import { type Address, type Hex, zeroHash } from 'viem'
import { isHex } from 'viem/utils'
import { createGate } from './createGate.js'

/** An offer in the words of its seller. */
export type StatedOffer = {
  /** A payment token that the ledger allows. */
  token: Address
  /**
   * Base units of the token: of a perpetual pass, or of one day of a timed one; 0 is a free offer. At most 12 significant
   * digits. Of an exclusive offer it is the reserve, to which the price falls from ten times as much, by half each day.
   */
  price: bigint
  usage: Usage
  /** Sold by the day. Default false: the pass is perpetual. */
  timed?: boolean | undefined
  /** Whether holders may pass their pass on. Default false. */
  transferable?: boolean | undefined
  /** Hours in which the buyer of a perpetual pass may give it back, no questions. Default 0: the sale is final. */
  refundHours?: number | undefined
  /** Who may buy: a list of accounts, or the root of its gate. Default: everyone. */
  gate?: readonly Address[] | Hex | undefined
  /** From day `fromDay` of a purchase on, a day costs `bps` of the price, of 10,000. Timed offers only, at most 3. */
  brackets?: readonly Bracket[] | undefined
}

const refundHoursMax = 65_535

/**
 * An offer as the market takes it.
 *
 * @throws AgoraiError `invalid_request` with the field that contradicts another or its range
 */
export function toOfferTerms(stated: StatedOffer): OfferTermsArgument {
  const { token, price, usage, timed = false, transferable = false, refundHours = 0, gate, brackets = [] } = stated
  const refuse = (field: string, message: string): never => {
    throw new AgoraiError('invalid_request', message, { field })
  }
  if (price < 0n) refuse('price', 'A price is not negative.')
  if (!Number.isInteger(refundHours) || refundHours < 0 || refundHours > refundHoursMax)
    refuse('refundHours', `Hours are a whole number from 0 to ${refundHoursMax}.`)
  if (timed && refundHours > 0)
    refuse('refundHours', 'A timed pass always gives back the days that have not begun: it has no other refund.')
  if (usage === 'exclusive' && (timed || refundHours > 0)) refuse('usage', 'An exclusive sale is perpetual and final.')
  if (usage === 'exclusive' && price === 0n)
    refuse('price', 'An exclusive sale ends all others: it has a reserve price.')
  if (gate !== undefined && transferable) refuse('transferable', 'A pass that may be moved would pass the gate.')
  if (!timed && brackets.length > 0) refuse('brackets', 'Only timed offers have brackets of days.')
  if (brackets.length > bracketsMax) refuse('brackets', `There are at most ${bracketsMax} brackets.`)
  for (const [place, { fromDay, bps }] of brackets.entries()) {
    const before = brackets[place - 1] ?? { fromDay: 0, bps: 10_000 }
    if (!Number.isInteger(fromDay) || fromDay <= before.fromDay)
      refuse(`brackets.${place}.fromDay`, 'Brackets begin on ascending days, from 1 on.')
    if (!Number.isInteger(bps) || bps < 0 || bps >= before.bps)
      refuse(`brackets.${place}.bps`, 'Each bracket is cheaper than the one before, and the first than the price.')
  }
  return {
    token,
    price,
    usage: usages.indexOf(usage),
    flags: encodeOfferFlags({ timed, transferable }),
    refundHours,
    gate: gate === undefined ? zeroHash : isHex(gate) ? gate : createGate(gate as readonly Address[]).root,
    brackets: [...brackets],
  }
}

/** The words of an offer that the market stores, its gate as a root. */
export type ListedOffer = {
  token: Address
  price: bigint
  usage: Usage
  timed: boolean
  transferable: boolean
  refundHours: number
  /** Null: everyone may buy. */
  gate: Hex | null
  brackets: Bracket[]
}

/** @throws AgoraiError `internal` for a usage that this version does not know */
export function fromOfferTerms(terms: OfferTermsArgument): ListedOffer {
  const { token, price, flags, refundHours, gate, brackets } = terms
  const usage = usages[terms.usage]
  if (usage === undefined) throw new AgoraiError('internal', `The market has an offer of usage ${terms.usage}.`)
  return {
    token,
    price,
    usage,
    ...decodeOfferFlags(flags),
    refundHours,
    gate: gate === zeroHash ? null : gate,
    brackets: [...brackets],
  }
}
