import type { AssetDetail } from '@agorai/core'
import { useState } from 'react'
import { parsePercent } from '../../format/money.js'
import { ListField, TextField } from '../../ui/Field.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { openOffers, priceWords } from './offers.js'
import { usageWords } from './usages.js'
import { useGetOffers } from './useGetOffers.js'
import { useListBundle } from './useListBundle.js'

const wholeBps = 10_000

/** Offers of the same owner, of this and other assets, listed to be bought together. */
export function ListBundle({ asset }: { asset: AssetDetail }) {
  const [asking, setAsking] = useState(false)
  const [offers, setOffers] = useState('')
  const [discount, setDiscount] = useState('10')
  const list = useListBundle()
  const open = openOffers(useGetOffers([asset]))
  if (open.length === 0) return null
  const ids = offers.split(/[\s,;]+/).filter((id) => id !== '')
  const wellFormed = ids.length >= 2 && ids.every((id) => /^[1-9]\d{0,20}$/.test(id))
  const discountBps = parsePercent(discount)
  return (
    <>
      {list.isPending ? <Waiting>Waiting for the chain to take the bundle in…</Waiting> : null}
      {list.isError ? <ErrorNotice error={list.error} safe="Nothing was listed." /> : null}
      {list.isSuccess ? <Notice tone="good" title="The bundle is listed" /> : null}
      <p>
        <button
          type="button"
          className="button button-small"
          disabled={list.isPending}
          onClick={() => {
            setOffers(open.map(({ id }) => id).join(' '))
            setAsking(true)
          }}
        >
          List a bundle
        </button>
      </p>
      {asking ? (
        <SignDialog
          title="List a bundle"
          confirm="List the bundle"
          busy={!wellFormed || discountBps === undefined || discountBps >= wholeBps}
          onDecline={() => setAsking(false)}
          onConfirm={() => {
            if (discountBps === undefined) return
            setAsking(false)
            list.mutate({ offers: ids.map(BigInt), discountBps })
          }}
        >
          <p>
            Each offer is sold at its own price less the discount. You must own every asset, and no two offers are
            alike.
          </p>
          <ul className="small muted">
            {open.map((offer) => (
              <li key={offer.id}>{`${offer.id}: ${usageWords[offer.usage].name}, ${priceWords(offer)}`}</li>
            ))}
          </ul>
          <ListField
            label="Offers"
            hint="The numbers of at least two offers, of this and of your other assets."
            error={wellFormed ? undefined : 'Give at least two offer numbers.'}
            value={offers}
            onChange={setOffers}
          />
          <TextField
            label="Discount in percent"
            error={discountBps === undefined || discountBps >= wholeBps ? 'Give a percentage below 100.' : undefined}
            of="amount"
            value={discount}
            onChange={setDiscount}
          />
        </SignDialog>
      ) : null}
    </>
  )
}
