import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { ShowMore } from '../../ui/ShowMore.js'
import { AssetCard } from './AssetCard.js'
import { useOwnedAssets } from './useOwnedAssets.js'
import './catalogue.css'

/** The assets of an account, as the catalogue shows them. */
export function OwnedAssets({ address }: { address: `0x${string}` }) {
  const owned = useOwnedAssets(address)
  const assets = owned.data?.pages.flatMap((page) => page.assets) ?? []
  return (
    <section className="panel" aria-labelledby="owned-heading">
      <div className="panel-head">
        <h2 id="owned-heading">Assets</h2>
      </div>
      {owned.isPending ? <Waiting>Asking the node what this account owns…</Waiting> : null}
      {owned.isError ? (
        <ErrorNotice error={owned.error} safe="Nothing was changed." onRetry={() => owned.refetch()} />
      ) : null}
      {owned.isSuccess && assets.length === 0 ? <p className="muted">This account owns no asset.</p> : null}
      {assets.length === 0 ? null : (
        <ul className="cards" aria-label="Assets of this account">
          {assets.map((asset) => (
            <AssetCard key={asset.id} asset={asset} />
          ))}
        </ul>
      )}
      <ShowMore list={owned} />
    </section>
  )
}
