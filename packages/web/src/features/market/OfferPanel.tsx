import type { AssetDetail, Lineage, Offer } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatMoney } from '../../format/money.js'
import { formatCount, shorten } from '../../format/text.js'
import { ConfirmDialog } from '../../ui/ConfirmDialog.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { type Movement, saleFlows } from '../lineage/movement.js'
import { splitPrice } from '../revenue/splitPrice.js'
import { useBalance } from '../wallet/useBalance.js'
import { openOffers } from './offers.js'
import { usageWords } from './usages.js'
import { useBuyOffer } from './useBuyOffer.js'
import { usePasses } from './usePasses.js'
import './market.css'

/** What can be bought of an asset, and the purchase itself. */
export function OfferPanel({
  asset,
  lineage,
  onMoved,
}: {
  asset: AssetDetail
  lineage?: Lineage
  onMoved: (movement: Movement) => void
}) {
  const { account } = useAgorai()
  const [asking, setAsking] = useState<Offer>()
  const passes = usePasses(account?.address)
  const buy = useBuyOffer()
  const open = openOffers(asset.offers)
  const held = new Set(passes.data?.filter((pass) => pass.asset === asset.id).map((pass) => pass.offer))

  const confirm = (offer: Offer) => {
    setAsking(undefined)
    buy.mutate(
      { asset, offer },
      {
        onSuccess: ({ alreadyHeld, amount, hash }) => {
          if (alreadyHeld) return
          const flows = saleFlows(asset.version.edges, asset.version.id, amount)
          onMoved({ key: hash, token: offer.token, flows })
        },
      },
    )
  }

  return (
    <section className="panel" aria-labelledby="offers-heading">
      <h2 id="offers-heading">Offers</h2>
      {open.length === 0 ? (
        <p className="muted">
          Nothing is for sale. The owner lists an offer with the command line: “agorai publish” with --price.
        </p>
      ) : (
        <ul className="offers">
          {open.map((offer) => (
            <OfferRow
              key={offer.id}
              offer={offer}
              held={held.has(offer.id)}
              busy={buy.isPending}
              onBuy={() => setAsking(offer)}
            />
          ))}
        </ul>
      )}
      {buy.isPending ? (
        <Waiting>Waiting for the chain to take the purchase in, and for the index to see it…</Waiting>
      ) : null}
      {buy.isError ? <ErrorNotice error={buy.error} safe="A purchase that the chain refuses moves no money." /> : null}
      {buy.isSuccess ? (
        <Notice tone="good" title={boughtTitle(buy.data, buy.variables.offer)}>
          <p>
            {'Final since transaction '}
            <Copyable value={buy.data.hash} name="transaction" href={`/transactions/${buy.data.hash}`} />
          </p>
        </Notice>
      ) : null}
      {asking === undefined ? null : (
        <BuyDialog
          asset={asset}
          offer={asking}
          {...(lineage === undefined ? {} : { lineage })}
          onConfirm={() => confirm(asking)}
          onDecline={() => setAsking(undefined)}
        />
      )}
    </section>
  )
}

function boughtTitle({ alreadyHeld, amount }: { alreadyHeld: boolean; amount: bigint }, offer: Offer): string {
  if (alreadyHeld) return 'You held this pass already; no money was moved'
  return amount === 0n ? 'The pass is yours' : `Paid ${formatMoney(amount, offer.token)}`
}

function OfferRow({ offer, held, busy, onBuy }: { offer: Offer; held: boolean; busy: boolean; onBuy: () => void }) {
  const { account } = useAgorai()
  const words = usageWords[offer.usage]
  const free = BigInt(offer.price) === 0n
  return (
    <li className="offer">
      <div className="offer-words">
        <h3>{words.name}</h3>
        <p className="small muted">{`You may ${words.allows}. The pass does not expire.`}</p>
      </div>
      <p className="offer-price">{free ? 'Free' : formatMoney(BigInt(offer.price), offer.token)}</p>
      {held ? (
        <p className="offer-held">
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path fill="currentColor" d="M6.4 11.9 2.9 8.4l1.4-1.4 2.1 2.1 5.3-5.3 1.4 1.4z" />
          </svg>
          You hold this pass
        </p>
      ) : (
        <button
          type="button"
          className="button button-primary"
          disabled={busy || account === undefined}
          onClick={onBuy}
          aria-label={`Buy ${words.name}`}
        >
          {free ? 'Get' : 'Buy'}
        </button>
      )}
    </li>
  )
}

function BuyDialog({
  asset,
  offer,
  lineage,
  onConfirm,
  onDecline,
}: {
  asset: AssetDetail
  offer: Offer
  lineage?: Lineage
  onConfirm: () => void
  onDecline: () => void
}) {
  const { account } = useAgorai()
  const balance = useBalance()
  const price = BigInt(offer.price)
  const money = formatMoney(price, offer.token)
  const parties = lineage === undefined ? 0 : splitPrice(lineage, price).parts.length
  const missing = balance.data !== undefined && balance.data < price ? price - balance.data : 0n
  if (account === undefined) return null
  return (
    <ConfirmDialog
      title={`Buy ${asset.name ?? `asset ${asset.id}`}`}
      confirm={price === 0n ? 'Get the pass' : `Pay ${money}`}
      busy={missing > 0n}
      onConfirm={onConfirm}
      onDecline={onDecline}
    >
      <p>
        <strong>{`You pay ${money}`}</strong>
        {` from ${account.label} `}
        <span className="nowrap">{`(${shorten(account.address)}).`}</span>
      </p>
      <p>
        {`You receive a pass: you may ${usageWords[offer.usage].allows}, for this and every later version. It does not expire.`}
      </p>
      {parties === 0 || price === 0n ? null : (
        <p>{`The price is divided among ${formatCount(parties, 'party', 'parties')}, as the table “Where one dollar goes” shows.`}</p>
      )}
      <p>
        <strong>This is final.</strong>
        {' Money in the ledger is never refunded.'}
      </p>
      {missing === 0n ? null : (
        <Notice tone="care" title={`This account has ${formatMoney(missing, offer.token)} too little`}>
          <p>Nothing was signed. Mint test money at the top of the page, then buy again.</p>
        </Notice>
      )}
    </ConfirmDialog>
  )
}
