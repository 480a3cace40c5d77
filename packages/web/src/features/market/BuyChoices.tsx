import { type Offer, quantityMax } from '@agorai/core'
import { formatMoney } from '../../format/money.js'
import { formatCount } from '../../format/text.js'
import { Check, Field, ListField, TextField } from '../../ui/Field.js'
import type { Admission } from './admission.js'
import { FallingPrice } from './FallingPrice.js'
import { formOf } from './offers.js'
import { PriceByDays } from './PriceByDays.js'
import { quote } from './priceCurve.js'

export type Choices = { days: string; gift: boolean; holder: string; gate: string }

const gateErrors: Partial<Record<Admission, string>> = {
  wrongList: 'This is not the list of the offer: it must hold the same accounts and nothing else.',
  notListed: 'This is the list of the offer, and the account is not on it.',
}
const usualDays = [1, 7, 30, 90, 365]

/** Days as typed, where the market sells so many. */
export function readDays(text: string): number | undefined {
  const days = /^[0-9]{1,5}$/.test(text.trim()) ? Number(text) : 0
  return days >= 1 && days <= quantityMax ? days : undefined
}

/** What a buyer chooses: for how long, for whom, and the proof that it is admitted. */
export function BuyChoices({
  offer,
  now,
  admission,
  choices,
  onChange,
}: {
  offer: Offer
  now: number | undefined
  admission: Admission
  choices: Choices
  onChange: (choices: Choices) => void
}) {
  const form = formOf(offer)
  const set = (changed: Partial<Choices>) => onChange({ ...choices, ...changed })
  return (
    <>
      {form === 'timed' ? <DayPicker offer={offer} text={choices.days} onChange={(days) => set({ days })} /> : null}
      {form === 'exclusive' && now !== undefined ? <FallingPrice offer={offer} now={now} /> : null}
      <Check checked={choices.gift} onChange={(gift) => set({ gift })}>
        Give the pass to another account
      </Check>
      {choices.gift ? (
        <TextField
          label="Account that receives it"
          hint="What may be refunded of it later goes to that account too."
          of="address"
          value={choices.holder}
          onChange={(holder) => set({ holder })}
        />
      ) : null}
      {offer.gate === null ? null : (
        <ListField
          label="The seller’s list of accounts"
          hint={
            admission === 'admitted'
              ? 'This is the list of the offer, and the account is on it.'
              : 'Only accounts on this list may buy. The seller publishes it; paste it here, in any order.'
          }
          error={gateErrors[admission]}
          value={choices.gate}
          onChange={(gate) => set({ gate })}
        />
      )}
    </>
  )
}

function DayPicker({ offer, text, onChange }: { offer: Offer; text: string; onChange: (text: string) => void }) {
  const days = readDays(text)
  return (
    <>
      <Field
        label="Days"
        hint={
          days === undefined
            ? `1 to ${quantityMax}`
            : `${formatMoney(quote(offer, days, 0n), offer.token)} for ${formatCount(days, 'day')}`
        }
        error={days === undefined ? `Give a whole number of days from 1 to ${quantityMax}.` : undefined}
      >
        {(control) => (
          <span className="days">
            <input
              {...control}
              className="field"
              inputMode="numeric"
              autoComplete="off"
              value={text}
              onChange={(event) => onChange(event.target.value)}
            />
            {usualDays.map((usual) => (
              <button
                key={usual}
                type="button"
                className="button button-small"
                aria-pressed={days === usual}
                aria-label={formatCount(usual, 'day').replace('\u00a0', ' ')}
                onClick={() => onChange(String(usual))}
              >
                {usual}
              </button>
            ))}
          </span>
        )}
      </Field>
      {BigInt(offer.price) === 0n ? null : <PriceByDays offer={offer} days={days ?? 1} />}
    </>
  )
}
