import type { AssetDetail, Serving } from '@agorai/core'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { formatCount } from '../../format/text.js'
import { Copyable } from '../../ui/Copyable.js'
import { AccountName } from '../wallet/AccountName.js'
import { isSameAccount } from '../wallet/accountName.js'
import { apiWords, callPath, limitWords, unitPriceWords } from './callWords.js'
import { useCallToken } from './useCallToken.js'
import { useGetService } from './useGetService.js'
import './calls.css'

/** How a service is called: what each unit costs, how much one call may use, where, and who answers. */
export function ServingPanel({ asset, serving }: { asset: AssetDetail; serving: Serving }) {
  const { client, info } = useAgorai()
  const token = useCallToken(asset, serving)
  const service = useGetService(asset.id)
  return (
    <section className="panel" aria-labelledby="serving-heading">
      <h2 id="serving-heading">Price of a call</h2>
      <ul className="unit-prices">
        {serving.prices.map((price) => (
          <li key={price.unit}>{unitPriceWords(price, token)}</li>
        ))}
        {serving.freeCalls === 0 ? null : (
          <li className="small muted">{`${formatCount(serving.freeCalls, 'call')} a day free for each account`}</li>
        )}
      </ul>
      <dl className="facts facts-stacked">
        <dt>What it does</dt>
        <dd>{serving.apis.map((api) => apiWords[api]).join('; ')}</dd>
        <dt>A call is at most</dt>
        <dd>{limitWords(serving).join(', ')}</dd>
        <dt>Asked at</dt>
        {serving.apis.map((api) => (
          <dd key={api}>
            <Copyable value={new URL(callPath(api, asset.id), client.node).href} name="endpoint" whole />
          </dd>
        ))}
        <dt>Served by</dt>
        <dd>
          {service === undefined ? (
            '…'
          ) : service === null ? (
            'Nobody here: this node does not serve it. Its owner has it served with “agorai serve”.'
          ) : (
            <>
              <AccountName address={info.operator.address} />
              {isSameAccount(info.operator.address, asset.owner) ? null : (
                <span className="small muted"> the operator of this node</span>
              )}
            </>
          )}
        </dd>
      </dl>
    </section>
  )
}
