import type { AssetDetail, Lineage, Offer } from '@agorai/core'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatMoney } from '../../format/money.js'
import { Copyable } from '../../ui/Copyable.js'
import { Moment } from '../../ui/Moment.js'
import type { Movement } from '../lineage/movement.js'
import { isSameAccount } from '../wallet/accountName.js'
import { BundleList } from './BundleList.js'
import { BuyFlow } from './BuyFlow.js'
import { CloseOffer } from './CloseOffer.js'
import { ListOffer } from './ListOffer.js'
import { describeOffer, formOf, isEnded, openOffers, priceWords } from './offers.js'
import { quote } from './priceCurve.js'
import { usageWords } from './usages.js'
import { useBuyOffer } from './useBuyOffer.js'
import { useChainTime } from './useChainTime.js'
import { useGetOffers } from './useGetOffers.js'
import { usePasses } from './usePasses.js'
import './market.css'

/** What can be bought of an asset, the purchase itself, and what its owner does with its offers. */
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
  const passes = usePasses(account?.address, asset.id)
  const buy = useBuyOffer()
  const open = openOffers(useGetOffers([asset]))
  const running = passes.data?.filter(({ state }) => state === 'running') ?? []
  const owned = account !== undefined && isSameAccount(account.address, asset.owner)
  const ended = isEnded(asset)
  return (
    <section className="panel" aria-labelledby="offers-heading">
      <h2 id="offers-heading">Offers</h2>
      {ended ? (
        <p className="muted">Nothing is sold of this asset any more. Passes that were granted run on.</p>
      ) : open.length === 0 ? (
        <p className="muted">
          {owned
            ? 'Nothing is for sale. List an offer below: for ever, by the day, or exclusively.'
            : asset.manifest?.serving === undefined
              ? 'Nothing is for sale. Its owner has not listed an offer.'
              : 'It is sold by the call. Its owner has not listed a pass.'}
        </p>
      ) : (
        <ul className="offers">
          {open.map((offer) => (
            <OfferRow
              key={offer.id}
              offer={offer}
              held={running.find((pass) => pass.offer === offer.id)}
              busy={buy.isPending}
              owned={owned}
              onBuy={() => setAsking(offer)}
            />
          ))}
        </ul>
      )}
      <BuyFlow
        asset={asset}
        asking={asking}
        lineage={lineage}
        buy={buy}
        onDone={() => setAsking(undefined)}
        onMoved={onMoved}
      />
      {ended ? null : <BundleList asset={asset} owned={owned} />}
      {owned && !ended ? <ListOffer asset={asset} /> : null}
    </section>
  )
}

function OfferRow({
  offer,
  held,
  busy,
  owned,
  onBuy,
}: {
  offer: Offer
  held: { expiry: number | null } | undefined
  busy: boolean
  owned: boolean
  onBuy: () => void
}) {
  const { account } = useAgorai()
  const now = useChainTime()
  const words = usageWords[offer.usage]
  const form = formOf(offer)
  const free = BigInt(offer.price) === 0n
  const price =
    form === 'exclusive' && now !== undefined
      ? formatMoney(quote(offer, 1, BigInt(now)), offer.token)
      : priceWords(offer)
  return (
    <li className="offer">
      <div className="offer-words">
        <h3>{form === 'timed' ? `${words.name} by the day` : words.name}</h3>
        <ul className="offer-terms small muted">
          {describeOffer(offer).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {owned ? <p className="small muted">{`Offer ${offer.id}`}</p> : null}
        {offer.gate === null ? null : (
          <p className="small muted">
            {'The list’s root is '}
            <Copyable value={offer.gate} name="root of the list" />
          </p>
        )}
      </div>
      <p className="offer-price">
        {price}
        {form === 'exclusive' ? (
          <span className="small muted">{` falling to ${formatMoney(BigInt(offer.price), offer.token)}`}</span>
        ) : null}
      </p>
      <div className="offer-actions">
        {held === undefined ? null : (
          <p className="offer-held">
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
              <path fill="currentColor" d="M6.4 11.9 2.9 8.4l1.4-1.4 2.1 2.1 5.3-5.3 1.4 1.4z" />
            </svg>
            <span>
              You hold this pass
              {held.expiry === null ? null : (
                <>
                  {' until '}
                  <Moment at={held.expiry} />
                </>
              )}
            </span>
          </p>
        )}
        <button
          type="button"
          className={held === undefined ? 'button button-primary' : 'button button-small'}
          disabled={busy || account === undefined}
          onClick={onBuy}
          aria-label={held === undefined ? `Buy ${words.name}` : `${againWords(form)} ${words.name}`}
        >
          {held === undefined ? (free ? 'Get' : 'Buy') : againWords(form)}
        </button>
        {owned ? <CloseOffer offer={offer} /> : null}
      </div>
    </li>
  )
}

/** What buying means for somebody who holds the pass: more days, or a pass for somebody else. */
const againWords = (form: ReturnType<typeof formOf>) => (form === 'timed' ? 'Renew' : 'Give')
