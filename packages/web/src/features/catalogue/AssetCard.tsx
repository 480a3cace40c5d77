import type { AssetSummary } from '@agorai/core'
import { Link } from '../../app/router.js'
import { formatCount, kindName } from '../../format/text.js'
import { KindGlyph } from '../../ui/KindGlyph.js'
import { useGetService } from '../calls/useGetService.js'
import { LineageThumbnail } from '../lineage/LineageThumbnail.js'
import { useGetLineage } from '../lineage/useGetLineage.js'
import { cheapestOffer, isEnded, priceLabel } from '../market/offers.js'
import { usageWords } from '../market/usages.js'
import { AccountName } from '../wallet/AccountName.js'

/** One asset in the catalogue: what it is, on what terms, at what price, and what it is built from. */
export function AssetCard({ asset }: { asset: AssetSummary }) {
  const lineage = useGetLineage(asset.version.id)
  const offer = isEnded(asset) ? undefined : cheapestOffer(asset.offers)
  const served = useGetService(asset.id)
  const byCall = offer === undefined && served !== undefined && served !== null
  // Until the node said what it serves, nobody knows that a service is not for sale.
  const unknown = offer === undefined && served === undefined && asset.kind === 'service'
  return (
    <li className="card">
      <div className="card-picture">
        {lineage.data === undefined ? null : <LineageThumbnail lineage={lineage.data} />}
      </div>
      <div className="card-body">
        <p className="card-kind">
          <KindGlyph kind={asset.kind} size={14} />
          {kindName(asset.kind)}
          <span className="muted">{asset.licence ?? 'licence not known here'}</span>
        </p>
        <h2 className="card-name">
          <Link href={`/assets/${asset.id}`}>{asset.name ?? `${kindName(asset.kind)} ${asset.id}`}</Link>
        </h2>
        <p className="card-description">{asset.description ?? 'This node does not have the manifest yet.'}</p>
      </div>
      <div className="card-foot">
        <p className="card-price">
          {isEnded(asset) ? endedWords(asset) : byCall ? 'By the call' : unknown ? '…' : priceLabel(asset.offers)}
          {offer === undefined ? null : <span className="small muted">{usageWords[offer.usage].name}</span>}
          <span className="card-sales small muted">{formatCount(asset.sales, 'pass sold', 'passes sold')}</span>
        </p>
        <p className="card-owner small muted">
          <AccountName address={asset.owner} />
        </p>
      </div>
    </li>
  )
}

/** Why nothing more is sold. */
const endedWords = ({ retired, soldExclusively }: AssetSummary) =>
  retired ? 'Retired' : soldExclusively ? 'Sold exclusively' : 'Erased'
