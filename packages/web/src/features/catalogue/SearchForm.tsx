import { type AssetSort, assetKinds, assetSortSchema } from '@agorai/core'
import { type ChangeEvent, type ReactNode, useEffect, useId, useState } from 'react'
import { useAgorai } from '../../app/AgoraiProvider.js'
import { navigate } from '../../app/router.js'
import { kindName } from '../../format/text.js'
import { isPrice, type Wanted } from './useSearchAssets.js'

const searchDelayMs = 200

const sortNames: Record<AssetSort, string> = {
  newest: 'Newest first',
  price: 'Cheapest first',
  sales: 'Most sold first',
  relevance: 'Best match first',
}

type Texts = Pick<Wanted, 'query' | 'tag' | 'licence' | 'priceMax'>

/** What is looked for. Texts are asked a moment after the last key, choices at once. */
export function SearchForm({ wanted }: { wanted: Wanted }) {
  const { paymentToken } = useAgorai()
  const { query, tag, licence, priceMax } = wanted
  const [texts, setTexts] = useState<Texts>({ query, tag, licence, priceMax })
  useEffect(() => setTexts({ query, tag, licence, priceMax }), [query, tag, licence, priceMax])
  useEffect(() => {
    const isAsked =
      texts.query === query && texts.tag === tag && texts.licence === licence && texts.priceMax === priceMax
    if (isAsked) return
    const timer = window.setTimeout(() => goTo({ ...wanted, ...texts }), searchDelayMs)
    return () => window.clearTimeout(timer)
  }, [texts, wanted, query, tag, licence, priceMax])
  const text = (name: keyof Texts) => ({
    value: texts[name],
    onChange: (event: ChangeEvent<HTMLInputElement>) => setTexts({ ...texts, [name]: event.target.value }),
  })
  return (
    <search>
      <form
        className="search"
        onSubmit={(event) => {
          event.preventDefault()
          goTo({ ...wanted, ...texts })
        }}
      >
        <Labelled name="Search" className="search-text">
          {(id) => (
            <input
              id={id}
              className="field"
              type="search"
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
              placeholder="A name, a word of the description, a tag"
              {...text('query')}
            />
          )}
        </Labelled>
        <Labelled name="Kind">
          {(id) => (
            <select
              id={id}
              className="field"
              value={wanted.kind ?? ''}
              onChange={(event) =>
                goTo({ ...wanted, ...texts, kind: assetKinds.find((name) => name === event.target.value) })
              }
            >
              <option value="">All kinds</option>
              {assetKinds.map((name) => (
                <option key={name} value={name}>
                  {`${kindName(name)}s`}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        <Labelled name="Tag" className="search-part">
          {(id) => <input id={id} className="field" maxLength={100} spellCheck={false} {...text('tag')} />}
        </Labelled>
        <Labelled name="Licence" className="search-part">
          {(id) => (
            <input
              id={id}
              className="field"
              maxLength={100}
              spellCheck={false}
              placeholder="CC-BY-4.0"
              {...text('licence')}
            />
          )}
        </Labelled>
        {paymentToken === undefined ? null : (
          <Labelled name={`At most, ${paymentToken.symbol}`} className="search-part">
            {(id) => (
              <input
                id={id}
                className="field"
                inputMode="decimal"
                maxLength={22}
                aria-invalid={texts.priceMax !== '' && !isPrice(texts.priceMax)}
                {...text('priceMax')}
              />
            )}
          </Labelled>
        )}
        <Labelled name="Order">
          {(id) => (
            <select
              id={id}
              className="field"
              value={wanted.sort}
              onChange={(event) =>
                goTo({ ...wanted, ...texts, sort: assetSortSchema.catch('newest').parse(event.target.value) })
              }
            >
              {assetSortSchema.options
                .filter((sort) => sort !== 'price' || paymentToken !== undefined)
                .map((sort) => (
                  <option key={sort} value={sort}>
                    {sortNames[sort]}
                  </option>
                ))}
            </select>
          )}
        </Labelled>
      </form>
    </search>
  )
}

function Labelled(props: { name: string; className?: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className={props.className}>
      <label className="small muted" htmlFor={id}>
        {props.name}
      </label>
      {props.children(id)}
    </div>
  )
}

function goTo({ sort, ...wanted }: Wanted): void {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...wanted, sort: sort === 'newest' ? '' : sort }))
    if (value !== undefined && value.trim() !== '') query.set(name, value)
  navigate(query.size === 0 ? '/' : `/?${query}`, { replace: true })
}
