import { type AssetDetail, isAgoraiError, type Lineage } from '@agorai/core'
import { useMemo, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { Link } from '../../app/router.js'
import { useTitle } from '../../app/useTitle.js'
import { formatMoney, type Token } from '../../format/money.js'
import { formatCount, kindName } from '../../format/text.js'
import { KindGlyph } from '../../ui/KindGlyph.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { ServingPanel } from '../calls/ServingPanel.js'
import { SoldThrough } from '../calls/SoldThrough.js'
import { TryPanel } from '../calls/TryPanel.js'
import { ContributionsPanel } from '../contributions/ContributionsPanel.js'
import { DeliveryPanel } from '../delivery/DeliveryPanel.js'
import { DataPanel } from '../description/DataPanel.js'
import { ModelCard } from '../description/ModelCard.js'
import { SamplePanel } from '../description/SamplePanel.js'
import { FeedPanel } from '../feeds/FeedPanel.js'
import { LineageGraph } from '../lineage/LineageGraph.js'
import type { Movement } from '../lineage/movement.js'
import { useGetLineage } from '../lineage/useGetLineage.js'
import { OfferPanel } from '../market/OfferPanel.js'
import { formOf, isEnded, openOffers } from '../market/offers.js'
import { usageWords } from '../market/usages.js'
import { DollarSplit } from '../revenue/DollarSplit.js'
import { RevenuePanel } from '../revenue/RevenuePanel.js'
import { receiptsOf, splitPrice } from '../revenue/splitPrice.js'
import { TillPanel } from '../revenue/TillPanel.js'
import { AccountName } from '../wallet/AccountName.js'
import { isSameAccount } from '../wallet/accountName.js'
import { AssetNotices } from './AssetNotices.js'
import { Evidence } from './Evidence.js'
import { Contributors, ManifestFacts, Metrics } from './ManifestFacts.js'
import { Members } from './Members.js'
import { OwnerPanel } from './OwnerPanel.js'
import { TermsPanel } from './TermsPanel.js'
import { useGetAsset } from './useGetAsset.js'
import { Versions } from './Versions.js'
import './catalogue.css'

export function AssetPage({ id }: { id: string }) {
  const asset = useGetAsset(id)
  const lineage = useGetLineage(asset.data?.version.id)
  useTitle(asset.data?.name ?? `Asset ${id}`)
  if (asset.isPending) return <Waiting>Asking the node for this asset…</Waiting>
  if (asset.isError && isAgoraiError(asset.error, 'not_found')) {
    return (
      <>
        <h1>{`There is no asset ${id} here`}</h1>
        <p>
          The address may be mistyped, or the asset is on another chain. <Link href="/">The catalogue</Link> lists
          everything that is published.
        </p>
      </>
    )
  }
  if (asset.isError) {
    return (
      <>
        <h1>The asset cannot be shown</h1>
        <ErrorNotice error={asset.error} safe="Nothing was changed." onRetry={() => asset.refetch()} />
        <p>
          <Link href="/">Back to the catalogue</Link>
        </p>
      </>
    )
  }
  return <AssetView asset={asset.data} lineage={lineage.data} lineageError={lineage.error} />
}

/** The price that the page explains: the first priced offer's, or one whole unit where nothing is for sale. */
function explainedPrice(asset: AssetDetail, paymentToken: Token | undefined) {
  const offer = (isEnded(asset) ? [] : openOffers(asset.offers)).find(({ price }) => BigInt(price) > 0n)
  if (offer !== undefined) {
    const price = BigInt(offer.price)
    const what = { perpetual: 'one', timed: 'one day of one', exclusive: 'the reserve of one' }[formOf(offer)]
    const basis = `The price of ${what} ${usageWords[offer.usage].name.toLowerCase()} pass, ${formatMoney(price, offer.token)}`
    return { price, token: offer.token as Token, basis }
  }
  const token = paymentToken ?? asset.offers[0]?.token
  if (token === undefined) return undefined
  const price = 10n ** BigInt(token.decimals)
  const money = formatMoney(price, token)
  const called = asset.manifest?.serving !== undefined && !isEnded(asset)
  return {
    price,
    token,
    basis: called ? `Of ${money} paid for calls` : `Nothing is for sale; of ${money} paid to its till`,
  }
}

function AssetView({
  asset,
  lineage,
  lineageError,
}: {
  asset: AssetDetail
  lineage: Lineage | undefined
  lineageError: unknown
}) {
  const { account, info, paymentToken } = useAgorai()
  const [movement, setMovement] = useState<Movement>()
  const { manifest, version } = asset
  const explained = explainedPrice(asset, paymentToken)
  const price = explained?.price
  const owned = account !== undefined && isSameAccount(account.address, asset.owner)
  const serving = manifest?.serving
  const receipts = useMemo(
    () => (lineage === undefined || price === undefined ? undefined : receiptsOf(splitPrice(lineage, price))),
    [lineage, price],
  )
  return (
    <>
      <AssetHead asset={asset} />
      <AssetNotices asset={asset} />
      <section className="panel" aria-labelledby="lineage-heading">
        <h2 id="lineage-heading">{lineageHeading(asset)}</h2>
        {lineage === undefined ? (
          lineageError ? (
            <ErrorNotice error={lineageError} safe="Nothing was changed." />
          ) : (
            <Waiting>Asking the node for the lineage…</Waiting>
          )
        ) : (
          <LineageGraph
            lineage={lineage}
            {...(receipts === undefined || explained === undefined ? {} : { receipts, token: explained.token })}
            {...(movement === undefined ? {} : { movement })}
          />
        )}
      </section>
      <TryPanel asset={asset} lineage={lineage} onMoved={setMovement} />
      <div className="asset-layout">
        <div className="asset-column">
          {lineage === undefined || explained === undefined ? null : (
            <DollarSplit lineage={lineage} price={explained.price} token={explained.token} basis={explained.basis} />
          )}
          {explained === undefined ? null : (
            <RevenuePanel asset={asset} token={explained.token} onMoved={setMovement} />
          )}
          {manifest === null ? null : (
            <>
              <Members manifest={manifest} lineage={lineage} />
              <Contributors manifest={manifest} />
              <ContributionsPanel asset={asset} />
              <FeedPanel asset={asset} />
              <ManifestFacts manifest={manifest} />
              <ModelCard manifest={manifest} />
              <SamplePanel manifest={manifest} />
              <DataPanel manifest={manifest} />
            </>
          )}
          <Versions asset={asset} />
        </div>
        <div className="asset-column">
          <div className="asset-column asset-first">
            {serving === undefined ? null : <ServingPanel asset={asset} serving={serving} />}
            <SoldThrough asset={asset} />
            <OfferPanel asset={asset} {...(lineage === undefined ? {} : { lineage })} onMoved={setMovement} />
            <DeliveryPanel asset={asset} />
          </div>
          <TermsPanel terms={version.terms} freeOnly={asset.freeOnly} />
          {manifest === null ? null : <Metrics manifest={manifest} />}
          <TillPanel asset={asset} token={explained?.token} />
          <Evidence asset={asset} info={info} />
          {owned ? <OwnerPanel asset={asset} /> : null}
        </div>
      </div>
    </>
  )
}

/** What the picture is about: what the version was built from, and what else it pays. */
function lineageHeading({ kind, version }: AssetDetail): string {
  if (kind === 'collection') return 'Gathered'
  return version.suppliers.length > 0 ? 'Built from, and sold through it' : 'Built from'
}

function AssetHead({ asset }: { asset: AssetDetail }) {
  return (
    <div className="asset-head">
      <p className="card-kind">
        <KindGlyph kind={asset.kind} />
        {kindName(asset.kind)}
        <span className="muted">{`version ${asset.version.id}`}</span>
      </p>
      <h1>{asset.name ?? `${kindName(asset.kind)} ${asset.id}`}</h1>
      <p className="asset-facts-line">
        <span>
          {'Owned by '}
          <AccountName address={asset.owner} />
        </span>
        <span>{asset.licence ?? 'Licence not known here'}</span>
        <span>{formatCount(asset.sales, 'pass sold', 'passes sold')}</span>
      </p>
      {asset.description === null ? null : <p className="plain-text">{asset.description}</p>}
    </div>
  )
}
