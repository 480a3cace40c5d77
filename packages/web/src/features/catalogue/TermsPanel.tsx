import type { Terms } from '@agorai/core'
import { describeTerms } from './describeTerms.js'

const marks = {
  yes: 'M6.4 11.9 2.9 8.4l1.4-1.4 2.1 2.1 5.3-5.3 1.4 1.4z',
  no: 'M3 7h10v2H3z',
}

/** On what terms others build from a version or sell its work. The chain holds them, and the registry enforces all but attribution. */
export function TermsPanel({ terms, freeOnly }: { terms: Terms; freeOnly: boolean }) {
  return (
    <section className="panel" aria-labelledby="terms-heading">
      <h2 id="terms-heading">Terms for building on it</h2>
      <ul className="terms">
        {describeTerms(terms, freeOnly).map(({ name, granted, words }) => (
          <li key={name} className={granted ? 'term term-granted' : 'term'}>
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
              <path fill="currentColor" d={granted ? marks.yes : marks.no} />
            </svg>
            <p>
              <strong>{name}</strong>
              <br />
              {words}
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}
