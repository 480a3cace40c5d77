import type { Bracket, Usage } from '@agorai/core'
import type { StatedOffer } from '@agorai/sdk'
import { parseAmount, parsePercent, type Token } from '../../format/money.js'
import { parseAccounts } from '../../format/text.js'

/** What a seller typed. */
export type OfferDraft = {
  usage: Usage
  form: 'perpetual' | 'timed'
  price: string
  refundHours: string
  transferable: boolean
  gate: string
  brackets: readonly { afterDays: string; percent: string }[]
}

export const emptyDraft: OfferDraft = {
  usage: 'inference',
  form: 'perpetual',
  price: '',
  refundHours: '0',
  transferable: false,
  gate: '',
  brackets: [],
}

/** What is wrong, by the name of the field that it stands under. */
export type DraftErrors = Partial<Record<'price' | 'refundHours' | 'gate' | 'brackets', string>>

const digitsMax = 12

/** A draft as the SDK takes it, or what is wrong with it. */
export function readDraft(
  draft: OfferDraft,
  token: Token,
  { freeOnly }: { freeOnly: boolean },
): { offer: StatedOffer; errors?: undefined } | { offer?: undefined; errors: DraftErrors } {
  const errors: DraftErrors = {}
  const exclusive = draft.usage === 'exclusive'
  const timed = draft.form === 'timed' && !exclusive
  const price = parseAmount(draft.price, token.decimals)
  if (price === undefined)
    errors.price = `Give an amount in ${token.symbol} with at most ${token.decimals} digits after the point.`
  else if (price.toString().replace(/0+$/, '').length > digitsMax)
    errors.price = `The market stores at most ${digitsMax} significant digits: round it.`
  else if (freeOnly && price > 0n) errors.price = 'What this was built from lets nobody sell it: the price is 0.'
  else if (exclusive && price === 0n) errors.price = 'Nobody means to end all sales for nothing: give a reserve.'
  const refundHours = /^\d{1,5}$/.test(draft.refundHours.trim()) ? Number(draft.refundHours) : undefined
  const refundable = !timed && !exclusive
  if (refundable && refundHours === undefined) errors.refundHours = 'Give whole hours; 0 is final at once.'
  const { accounts, stray } = parseAccounts(draft.gate)
  if (stray !== undefined) errors.gate = `“${stray.slice(0, 60)}” is no address.`
  else if (accounts.length > 0 && draft.transferable)
    errors.gate = 'A pass that may be passed on would pass the list by: choose one of the two.'
  const brackets = timed ? readBrackets(draft.brackets) : []
  if (brackets === undefined)
    errors.brackets = 'Days ascend, and each further day costs less than before, in percent of the price.'
  if (price === undefined || brackets === undefined || Object.keys(errors).length > 0) return { errors }
  return {
    offer: {
      token: token.address as `0x${string}`,
      price,
      usage: draft.usage,
      timed,
      transferable: draft.transferable,
      refundHours: refundable ? (refundHours ?? 0) : 0,
      ...(accounts.length === 0 ? {} : { gate: accounts }),
      brackets,
    },
  }
}

function readBrackets(typed: OfferDraft['brackets']): Bracket[] | undefined {
  const brackets: Bracket[] = []
  for (const { afterDays, percent } of typed) {
    const before = brackets.at(-1) ?? { fromDay: 0, bps: 10_000 }
    const [fromDay, bps] = [Number(afterDays), parsePercent(percent)]
    if (!/^\d{1,4}$/.test(afterDays.trim()) || fromDay <= before.fromDay) return undefined
    if (bps === undefined || bps >= before.bps) return undefined
    brackets.push({ fromDay, bps })
  }
  return brackets
}
