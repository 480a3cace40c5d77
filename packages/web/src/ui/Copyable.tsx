import { Fragment, type ReactNode } from 'react'
import { Link } from '../app/router.js'
import { lineParts, shorten } from '../format/text.js'
import { useCopy } from './useCopy.js'
import './copyable.css'

/**
 * A hash, address or CID: shortened, copied whole with one press. `name` says what it is; `href` opens its evidence.
 */
export function Copyable({
  value,
  name,
  href,
  whole,
}: {
  value: string
  name: string
  href?: string
  /** Shown in full, as the heading of its own page does. */
  whole?: boolean
}) {
  const { said, copy } = useCopy(value)
  const short = <span title={value}>{whole === true ? <Breakable value={value} /> : shorten(value)}</span>
  return (
    <span className={whole === true ? 'copyable copyable-whole' : 'copyable'}>
      <span className="mono">{href === undefined ? short : <EvidenceLink href={href}>{short}</EvidenceLink>}</span>
      <button
        type="button"
        className="copyable-button"
        onClick={copy}
        aria-label={`Copy ${name} ${value}`}
        title="Copy"
      >
        <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
          <path
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            d="M5.75 5.75v-4h8.5v8.5h-4M1.75 5.75h8.5v8.5h-8.5z"
          />
        </svg>
      </button>
      <span className="copyable-said" role="status">
        {said}
      </span>
    </span>
  )
}

function Breakable({ value }: { value: string }) {
  return lineParts(value).map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text keep their places.
    <Fragment key={place}>
      {place === 0 ? null : <wbr />}
      {part}
    </Fragment>
  ))
}

/** Documents of the API open as they are; pages of this site keep the page. */
function EvidenceLink({ href, children }: { href: string; children: ReactNode }) {
  return href.startsWith('/api/') ? <a href={href}>{children}</a> : <Link href={href}>{children}</Link>
}
