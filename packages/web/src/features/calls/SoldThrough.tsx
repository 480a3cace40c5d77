import type { AssetDetail, ServedServiceInfo } from '@agorai/core'
import { Link } from '../../app/router.js'
import { AccountName } from '../wallet/AccountName.js'
import { unitPriceWords } from './callWords.js'
import { useCallToken } from './useCallToken.js'
import { useSellingServices } from './useSellingServices.js'
import './calls.css'

/** The services that sell the work of this version and that this node answers for. */
export function SoldThrough({ asset }: { asset: AssetDetail }) {
  const selling = useSellingServices(asset)
  if (selling.length === 0) return null
  return (
    <section className="panel" aria-labelledby="through-heading">
      <div className="panel-head">
        <h2 id="through-heading">Called through</h2>
        <p className="small muted">Services that sell its work by the call; each call pays its owner</p>
      </div>
      <ul className="through">
        {selling.map((service) => (
          <Through key={service.asset} asset={asset} service={service} />
        ))}
      </ul>
    </section>
  )
}

function Through({ asset, service }: { asset: AssetDetail; service: ServedServiceInfo }) {
  const token = useCallToken(asset, service.serving)
  return (
    <li>
      <span>
        <Link href={`/assets/${service.asset}`}>{`Try ${service.name}`}</Link>
        <span className="small muted">{` ${service.serving.prices.map((price) => unitPriceWords(price, token)).join(', ')}`}</span>
      </span>
      <AccountName address={service.owner} />
    </li>
  )
}
