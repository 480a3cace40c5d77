import { type AssetDetail, bracketsMax, usages } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import type { Token } from '../../format/money.js'
import { Copyable } from '../../ui/Copyable.js'
import { Check, Field, ListField, TextField } from '../../ui/Field.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { type DraftErrors, emptyDraft, type OfferDraft, readDraft } from './offerForm.js'
import { describeOffer, priceWords } from './offers.js'
import { usageWords } from './usages.js'
import { useListOffer } from './useListOffer.js'

/** Lists an offer of an asset, by its owner, with everything that an offer can be. */
export function ListOffer({ asset }: { asset: AssetDetail }) {
  const { paymentToken } = useAgorai()
  const [asking, setAsking] = useState(false)
  const list = useListOffer()
  // Where the chain has no money of its own, the asset's earlier offers say in what it is sold.
  const token = paymentToken ?? asset.offers[0]?.token
  if (token === undefined) return null
  return (
    <>
      {list.isPending ? <Waiting>Waiting for the chain to take the offer in…</Waiting> : null}
      {list.isError ? <ErrorNotice error={list.error} safe="Nothing was listed." /> : null}
      {list.isSuccess ? (
        <Notice tone="good" title="The offer is listed">
          <p>
            {'Since transaction '}
            <Copyable value={list.data.hash} name="transaction" href={`/transactions/${list.data.hash}`} />
          </p>
        </Notice>
      ) : null}
      <p>
        <button type="button" className="button button-small" disabled={list.isPending} onClick={() => setAsking(true)}>
          List an offer
        </button>
      </p>
      {asking ? (
        <ListDialog
          asset={asset}
          token={token}
          onDecline={() => setAsking(false)}
          onConfirm={(offer) => {
            setAsking(false)
            list.mutate({ ...offer, asset: BigInt(asset.id) })
          }}
        />
      ) : null}
    </>
  )
}

type Stated = NonNullable<ReturnType<typeof readDraft>['offer']>

function ListDialog({
  asset,
  token,
  onConfirm,
  onDecline,
}: {
  asset: AssetDetail
  token: Token
  onConfirm: (offer: Stated) => void
  onDecline: () => void
}) {
  const [draft, setDraft] = useState<OfferDraft>(emptyDraft)
  const { errors = {}, offer } = readDraft(draft, token, asset)
  // Nothing is wrong with what was not typed yet.
  const { price: priceError, ...others } = errors
  const shown: DraftErrors = draft.price === '' || priceError === undefined ? others : errors
  const set = (changed: Partial<OfferDraft>) => setDraft({ ...draft, ...changed })
  const exclusive = draft.usage === 'exclusive'
  const timed = draft.form === 'timed' && !exclusive
  return (
    <SignDialog
      title={`List an offer of ${asset.name ?? `asset ${asset.id}`}`}
      confirm="List the offer"
      wide
      busy={offer === undefined}
      onDecline={onDecline}
      onConfirm={() => {
        if (offer !== undefined) onConfirm(offer)
      }}
    >
      <div className="fields">
        <Field label="What the pass allows">
          {(control) => (
            <select
              {...control}
              className="field"
              value={draft.usage}
              onChange={(event) => set({ usage: usages.find((usage) => usage === event.target.value) ?? draft.usage })}
            >
              {usages.map((usage) => (
                <option key={usage} value={usage}>
                  {usageWords[usage].name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {exclusive ? null : (
          <Field label="For how long">
            {(control) => (
              <select
                {...control}
                className="field"
                value={draft.form}
                onChange={(event) => set({ form: event.target.value === 'timed' ? 'timed' : 'perpetual' })}
              >
                <option value="perpetual">For ever</option>
                <option value="timed">By the day</option>
              </select>
            )}
          </Field>
        )}
        <TextField
          label={
            exclusive
              ? `Reserve in ${token.symbol}`
              : timed
                ? `Price of a day in ${token.symbol}`
                : `Price in ${token.symbol}`
          }
          hint={exclusive ? 'It starts at ten times as much and halves every 24 hours.' : '0 gives it away.'}
          error={shown.price}
          of="amount"
          value={draft.price}
          onChange={(price) => set({ price })}
        />
        {timed || exclusive ? null : (
          <TextField
            label="Hours to give it back"
            hint="0: final at once."
            error={shown.refundHours}
            of="integer"
            value={draft.refundHours}
            onChange={(refundHours) => set({ refundHours })}
          />
        )}
      </div>
      {timed ? <Brackets draft={draft} error={shown.brackets} onChange={set} /> : null}
      <Check checked={draft.transferable} onChange={(transferable) => set({ transferable })}>
        Holders may pass it on to another account
      </Check>
      <ListField
        label="Only for these accounts"
        hint="Addresses, one a line; empty is everyone. Publish the list: buyers prove with it that they are on it."
        error={shown.gate}
        value={draft.gate}
        onChange={(gate) => set({ gate })}
      />
      {offer === undefined ? null : <Preview asset={asset} offer={offer} token={token} />}
    </SignDialog>
  )
}

/** The offer in the words that buyers will read. */
function Preview({ asset, offer, token }: { asset: AssetDetail; offer: Stated; token: Token }) {
  const shown = {
    id: '0',
    asset: asset.id,
    token: { ...token, address: offer.token },
    price: offer.price.toString(),
    usage: offer.usage,
    open: true,
    timed: offer.timed ?? false,
    transferable: offer.transferable ?? false,
    refundHours: offer.refundHours ?? 0,
    gate: offer.gate === undefined ? null : (`0x${'0'.repeat(64)}` as const),
    brackets: [...(offer.brackets ?? [])],
    listedAt: null,
  }
  return (
    <p>
      <strong>{`Buyers will read: ${priceWords(shown)}.`}</strong> {describeOffer(shown).join(' ')}
    </p>
  )
}

function Brackets({
  draft: { brackets },
  error,
  onChange,
}: {
  draft: OfferDraft
  error: string | undefined
  onChange: (changed: Partial<OfferDraft>) => void
}) {
  const set = (at: number, changed: Partial<OfferDraft['brackets'][number]>) =>
    onChange({ brackets: brackets.map((bracket, index) => (index === at ? { ...bracket, ...changed } : bracket)) })
  return (
    <fieldset className="brackets">
      <legend className="small muted">A longer stay may cost less by the day</legend>
      {brackets.map((bracket, index) => (
        // A bracket is known by its place alone: the market takes them in order.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above.
        <div className="fields" key={index}>
          <TextField
            label="After so many days"
            error={index === brackets.length - 1 ? error : undefined}
            of="integer"
            value={bracket.afterDays}
            onChange={(afterDays) => set(index, { afterDays })}
          />
          <TextField
            label="A day costs, in percent of the price"
            of="amount"
            value={bracket.percent}
            onChange={(percent) => set(index, { percent })}
          />
        </div>
      ))}
      <p className="pass-actions">
        {brackets.length >= bracketsMax ? null : (
          <button
            type="button"
            className="button button-small"
            onClick={() => onChange({ brackets: [...brackets, { afterDays: '', percent: '' }] })}
          >
            Add a step
          </button>
        )}
        {brackets.length === 0 ? null : (
          <button
            type="button"
            className="button button-small"
            onClick={() => onChange({ brackets: brackets.slice(0, -1) })}
          >
            Remove the last step
          </button>
        )}
      </p>
    </fieldset>
  )
}
