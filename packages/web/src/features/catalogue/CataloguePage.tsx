import { assetKinds, assetSortSchema } from '@agorai/core'
import { Link, usePlace } from '../../app/router.js'
import { useTitle } from '../../app/useTitle.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { ShowMore } from '../../ui/ShowMore.js'
import { AssetCard } from './AssetCard.js'
import { SearchForm } from './SearchForm.js'
import { useSearchAssets, type Wanted } from './useSearchAssets.js'
import './catalogue.css'

export function CataloguePage() {
  const { query } = usePlace()
  const wanted = readWanted(query)
  useTitle(wanted.query === '' ? 'Catalogue' : `“${wanted.query}” in the catalogue`)
  const search = useSearchAssets(wanted)
  const assets = search.data?.pages.flatMap((page) => page.assets) ?? []
  return (
    <>
      <div className="catalogue-head">
        <h1>Everything published here</h1>
        <p className="muted">
          What was built from what stands on the chain, and every sale pays everyone whose work is inside.
        </p>
      </div>
      <SearchForm wanted={wanted} />
      {search.isPending ? <Waiting>Asking the node for its catalogue…</Waiting> : null}
      {search.isError ? (
        <ErrorNotice
          error={search.error}
          safe="Nothing was changed: this page only reads."
          onRetry={() => search.refetch()}
        />
      ) : null}
      {search.isSuccess && assets.length === 0 ? <Empty searching={query.size > 0} /> : null}
      {assets.length === 0 ? null : (
        <ul className="cards" aria-label="Assets">
          {assets.map((asset) => (
            <AssetCard key={asset.id} asset={asset} />
          ))}
        </ul>
      )}
      <ShowMore list={search} />
    </>
  )
}

/** The place says what is looked for, so that it can be sent to somebody. What it says wrongly is not asked. */
function readWanted(query: URLSearchParams): Wanted {
  const { data: sort = 'newest' } = assetSortSchema.safeParse(query.get('sort'))
  return {
    query: query.get('query') ?? '',
    kind: assetKinds.find((name) => name === query.get('kind')),
    tag: query.get('tag') ?? '',
    licence: query.get('licence') ?? '',
    priceMax: query.get('priceMax') ?? '',
    sort,
  }
}

function Empty({ searching }: { searching: boolean }) {
  if (searching) {
    return (
      <div className="empty">
        <h2>Nothing matches</h2>
        <p>
          The search looks at names, descriptions and tags. Try one word of it, or{' '}
          <Link href="/">show the whole catalogue</Link>.
        </p>
      </div>
    )
  }
  return (
    <div className="empty">
      <h2>Nothing is published here yet</h2>
      <p>Publish the first dataset from a terminal. It is encrypted on your machine before it is uploaded:</p>
      <pre className="mono">agorai publish manifest.json --file rows.csv --price 10</pre>
      <p className="small muted">`npm start` without --no-demo publishes a demonstration catalogue.</p>
    </div>
  )
}
