import { type AssetKind, assetKinds } from '@agorai/core'
import { useEffect, useId, useState } from 'react'
import { Link, navigate, usePlace } from '../../app/router.js'
import { useTitle } from '../../app/useTitle.js'
import { kindName } from '../../format/text.js'
import { ErrorNotice, Waiting } from '../../ui/Notice.js'
import { AssetCard } from './AssetCard.js'
import { useSearchAssets } from './useSearchAssets.js'
import './catalogue.css'

const searchDelayMs = 200

export function CataloguePage() {
  const { query } = usePlace()
  const asked = query.get('query') ?? ''
  const kind = assetKinds.find((name) => name === query.get('kind'))
  useTitle(asked === '' ? 'Catalogue' : `“${asked}” in the catalogue`)
  const search = useSearchAssets({ query: asked, kind })
  const assets = search.data?.pages.flatMap((page) => page.assets) ?? []
  return (
    <>
      <div className="catalogue-head">
        <h1>Everything published here</h1>
        <p className="muted">
          What was built from what stands on the chain, and every sale pays everyone whose work is inside.
        </p>
      </div>
      <SearchForm asked={asked} kind={kind} />
      {search.isPending ? <Waiting>Asking the node for its catalogue…</Waiting> : null}
      {search.isError ? (
        <ErrorNotice
          error={search.error}
          safe="Nothing was changed: this page only reads."
          onRetry={() => search.refetch()}
        />
      ) : null}
      {search.isSuccess && assets.length === 0 ? <Empty searching={asked !== '' || kind !== undefined} /> : null}
      {assets.length === 0 ? null : (
        <ul className="cards" aria-label="Assets">
          {assets.map((asset) => (
            <AssetCard key={asset.id} asset={asset} />
          ))}
        </ul>
      )}
      {search.hasNextPage ? (
        <p className="catalogue-more">
          <button
            type="button"
            className="button"
            disabled={search.isFetchingNextPage}
            onClick={() => search.fetchNextPage()}
          >
            {search.isFetchingNextPage ? 'Asking for more…' : 'Show more'}
          </button>
        </p>
      ) : null}
    </>
  )
}

function SearchForm({ asked, kind }: { asked: string; kind: AssetKind | undefined }) {
  const [text, setText] = useState(asked)
  const search = useId()
  const filter = useId()
  useEffect(() => setText(asked), [asked])
  useEffect(() => {
    if (text === asked) return
    const timer = window.setTimeout(() => goTo(text, kind), searchDelayMs)
    return () => window.clearTimeout(timer)
  }, [text, asked, kind])
  return (
    <search>
      <form
        className="search"
        onSubmit={(event) => {
          event.preventDefault()
          goTo(text, kind)
        }}
      >
        <div className="search-text">
          <label className="small muted" htmlFor={search}>
            Search
          </label>
          <input
            id={search}
            className="field"
            type="search"
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            placeholder="A name, a word of the description, a tag"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <div>
          <label className="small muted" htmlFor={filter}>
            Kind
          </label>
          <select
            id={filter}
            className="field"
            value={kind ?? ''}
            onChange={(event) =>
              goTo(
                text,
                assetKinds.find((name) => name === event.target.value),
              )
            }
          >
            <option value="">All kinds</option>
            {assetKinds.map((name) => (
              <option key={name} value={name}>
                {`${kindName(name)}s`}
              </option>
            ))}
          </select>
        </div>
      </form>
    </search>
  )
}

function goTo(text: string, kind: AssetKind | undefined): void {
  const query = new URLSearchParams()
  if (text.trim() !== '') query.set('query', text)
  if (kind !== undefined) query.set('kind', kind)
  navigate(query.size === 0 ? '/' : `/?${query}`, { replace: true })
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
