import { type AssetDetail, assetOfOffer, type Bundle, type Offer } from '@agorai/core'
import { getAsset } from '@agorai/sdk'
import { useQueries } from '@tanstack/react-query'
import { useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { formatBps, formatMoney, formatShare } from '../../format/money.js'
import { formatCount, shorten } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { ErrorNotice, Notice, Waiting } from '../../ui/Notice.js'
import { isSameAccount } from '../wallet/accountName.js'
import { SignDialog } from '../wallet/SignDialog.js'
import { type BundleMember, priceBundle } from './bundles.js'
import { ListBundle } from './ListBundle.js'
import { usageWords } from './usages.js'
import { useBuyBundle } from './useBuyBundle.js'
import { useChainTime } from './useChainTime.js'
import { useCloseBundle } from './useCloseBundle.js'
import { useGetOffers } from './useGetOffers.js'

const bundleDays = 30

/** What an asset is sold together with, each member with its share of the price. */
export function BundleList({ asset, owned }: { asset: AssetDetail; owned: boolean }) {
  return (
    <>
      {asset.bundles.length === 0 ? null : (
        <ul className="offers" aria-label="Bundles">
          {asset.bundles.map((bundle) => (
            <BundleRow key={bundle.id} bundle={bundle} />
          ))}
        </ul>
      )}
      {owned ? <ListBundle asset={asset} /> : null}
    </>
  )
}

function BundleRow({ bundle }: { bundle: Bundle }) {
  const { account, client } = useAgorai()
  const [asking, setAsking] = useState<'buy' | 'close'>()
  const now = useChainTime()
  const buy = useBuyBundle()
  const close = useCloseBundle()
  const assets = useQueries({
    queries: [...new Set(bundle.offers.map((offer) => assetOfOffer(BigInt(offer)).toString()))].map((id) => ({
      queryKey: ['asset', id],
      queryFn: () => getAsset(client, { asset: BigInt(id) }),
    })),
  })
  const details = assets.flatMap(({ data }) => (data === undefined ? [] : [data]))
  const nameOf = (offer: Offer) => details.find(({ id }) => id === offer.asset)?.name ?? `Asset ${offer.asset}`
  const listed = useGetOffers(details)
  const offers = bundle.offers.map((id) => listed.find((offer) => offer.id === id))
  const priced = now === undefined ? undefined : priceBundle(offers, bundle.discountBps, { days: bundleDays, now })
  const [token] = offers.map((offer) => offer?.token)
  if (priced === undefined || token === undefined) return <Waiting>Asking the node for the bundle…</Waiting>
  const open = priced.members.every(({ offer }) => offer.open)
  const money = formatMoney(priced.price, token)
  const timed = priced.members.some(({ offer }) => offer.timed)
  return (
    <li className="offer">
      <div className="offer-words">
        <h3>{`Bundle of ${formatCount(priced.members.length, 'pass', 'passes')}`}</h3>
        <p className="small muted">
          {`Each at its own price less ${formatBps(bundle.discountBps)}${timed ? `; passes by the day for ${bundleDays} days` : ''}. Every asset’s share, and what it owes, stays that of its price alone.`}
        </p>
        <Members members={priced.members} whole={priced.price} nameOf={nameOf} />
      </div>
      <p className="offer-price">
        {money}
        <span className="small muted">{` instead of ${formatMoney(priced.alone, token)}`}</span>
      </p>
      <div className="offer-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={!open || buy.isPending || account === undefined}
          onClick={() => setAsking('buy')}
        >
          {open ? 'Buy the bundle' : 'An offer of it is closed'}
        </button>
        {account !== undefined && isSameAccount(account.address, bundle.owner) ? (
          <button
            type="button"
            className="button button-small"
            disabled={close.isPending}
            onClick={() => setAsking('close')}
          >
            Close bundle
          </button>
        ) : null}
      </div>
      {buy.isPending || close.isPending ? <Waiting>Waiting for the chain…</Waiting> : null}
      {buy.isError ? <ErrorNotice error={buy.error} safe="A purchase that the chain refuses moves no money." /> : null}
      {close.isError ? <ErrorNotice error={close.error} safe="The bundle stays as it is." /> : null}
      {buy.isSuccess ? (
        <Notice
          tone="good"
          title={
            buy.data.alreadyHeld
              ? 'You held these passes already; no money was moved'
              : `Paid ${formatMoney(buy.data.amount, token)}`
          }
        >
          <p>
            {`${formatCount(buy.data.purchases.length, 'pass', 'passes')} in transaction `}
            <Copyable value={buy.data.hash} name="transaction" href={`/transactions/${buy.data.hash}`} />
          </p>
        </Notice>
      ) : null}
      {asking === 'buy' ? (
        <SignDialog
          title="Buy the bundle"
          confirm={`Pay ${money}`}
          onDecline={() => setAsking(undefined)}
          onConfirm={() => {
            setAsking(undefined)
            buy.mutate({ bundle: bundle.id, amountMax: priced.price, days: bundleDays })
          }}
        >
          <p>
            <strong>{`You pay ${money}`}</strong>
            {account === undefined ? ' for:' : ` from ${account.label} `}
            {account === undefined ? null : <span className="nowrap">{`(${shorten(account.address)}), for:`}</span>}
          </p>
          <Members members={priced.members} whole={priced.price} nameOf={nameOf} />
          <p>
            Each pass follows its own offer’s rules: what may be given back of it alone may be given back of it here.
          </p>
          <p className="small muted">
            Two transactions: an allowance of exactly this price to the ledger, then the purchase.
          </p>
        </SignDialog>
      ) : null}
      {asking === 'close' ? (
        <SignDialog
          title="Close the bundle"
          confirm="Close the bundle"
          onDecline={() => setAsking(undefined)}
          onConfirm={() => {
            setAsking(undefined)
            close.mutate({ bundle: bundle.id })
          }}
        >
          <p>Nobody can buy these offers together from then on. Each of them stays open by itself.</p>
        </SignDialog>
      ) : null}
    </li>
  )
}

function Members({
  members,
  whole,
  nameOf,
}: {
  members: readonly BundleMember[]
  whole: bigint
  nameOf: (offer: Offer) => string
}) {
  return (
    <ul className="bundle-members">
      {members.map(({ offer, price }) => (
        <li key={offer.id}>
          <span>
            <Link href={`/assets/${offer.asset}`}>{nameOf(offer)}</Link>
            <span className="muted">{` ${usageWords[offer.usage].name}`}</span>
          </span>
          <span className="number">{`${formatMoney(price, offer.token)}, ${formatShare(price, whole)}`}</span>
        </li>
      ))}
    </ul>
  )
}
